namespace Peregrine.Operators;

/// <summary>Operators that move, select or describe elements without computing on them, in alphabetical order.</summary>
internal static class ShapeFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Concat.Schema,
        ConstantOfShape.Schema,
        Expand.Schema,
        Flatten.Schema,
        Gather.Schema,
        Identity.Schema,
        NumberRange.Schema,
        Reshape.Schema,
        ShapeOf.Schema,
        SizeOf.Schema,
        Slice.Schema,
        Split.Schema,
        Squeeze.Schema,
        Transpose.Schema,
        Unsqueeze.Schema,
    ];
}
