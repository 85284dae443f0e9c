namespace Peregrine.Operators;

/// <summary>Who chooses the padding of a sliding window.</summary>
public enum AutoPad
{
    /// <summary>The attribute <c>pads</c>.</summary>
    NotSet,
    /// <summary>So much that the output has ⌈input / stride⌉ elements; an odd one goes to the end.</summary>
    SameUpper,
    /// <summary>As <see cref="SameUpper"/>, but an odd one goes to the beginning.</summary>
    SameLower,
    /// <summary>None.</summary>
    Valid,
}

/// <summary>The schema's part that all sliding windows share.</summary>
internal static class AutoPadSchema
{
    public static Schema<T> AutoPad<T>(this Schema<T> schema, Func<T, AutoPad> get) where T : Operator =>
        schema.Choice("auto_pad", get, Operators.AutoPad.NotSet, ("NOTSET", Operators.AutoPad.NotSet), ("SAME_UPPER", Operators.AutoPad.SameUpper), ("SAME_LOWER", Operators.AutoPad.SameLower), ("VALID", Operators.AutoPad.Valid));
}
