using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How an update meets the element that it falls on.</summary>
public enum ScatterReduction
{
    None,
    Add,
    Multiply,
    Max,
    Min,
}

/// <summary>What the scatter operators share: the reductions by their ONNX names, and applying one update.</summary>
internal static class ScatterReductions
{
    public static readonly (string Text, ScatterReduction Value)[] Choices =
        [("none", ScatterReduction.None), ("add", ScatterReduction.Add), ("mul", ScatterReduction.Multiply), ("max", ScatterReduction.Max), ("min", ScatterReduction.Min)];

    /// <summary>The reduced value; as ONNX's reference has it, max and min let NaN win.</summary>
    public static T Apply<T>(ScatterReduction reduction, T element, T update) where T : unmanaged, INumber<T> => reduction switch
    {
        ScatterReduction.Add => unchecked(element + update),
        ScatterReduction.Multiply => unchecked(element * update),
        ScatterReduction.Max => T.Max(element, update),
        ScatterReduction.Min => T.Min(element, update),
        _ => update,
    };

    public static bool Check(InferenceScope c, ScatterReduction reduction)
    {
        if (reduction != ScatterReduction.None && (c.ElementType(0) == DataType.String || c.ElementType(0).IsComplex()))
        {
            c.Error("PG2135", $"elements of type {c.ElementType(0).Name()} cannot be reduced.", "Use reduction \"none\".");
            return false;
        }

        if (c.ElementType(0) != c.ElementType(2))
        {
            c.Error("PG2135", $"data is {c.TypeOf(0)} and updates are {c.TypeOf(2)}; their element types must be equal.");
            return false;
        }

        return c.Require(1, DataType.Int32, DataType.Int64);
    }
}
