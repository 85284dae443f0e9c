namespace Peregrine.Operators;

/// <summary>Operators that move, select or describe elements without computing on them, in alphabetical order.</summary>
internal static class ShapeFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Compress.Schema,
        Concat.Schema,
        ConstantOfShape.Schema,
        DimTensor.Schema,
        Expand.Schema,
        EyeLike.Schema,
        Flatten.Schema,
        Gather.Schema,
        GatherElements.Schema,
        GatherND.Schema,
        Identity.Schema,
        NonZero.Schema,
        NumberRange.Schema,
        OneHot.Schema,
        Pad.Schema,
        Reshape.Schema,
        ReverseSequence.Schema,
        Scatter.Schema,
        ScatterElements.Schema,
        ScatterND.Schema,
        ShapeOf.Schema,
        SizeOf.Schema,
        Slice.Schema,
        Split.Schema,
        Squeeze.Schema,
        Tile.Schema,
        Transpose.Schema,
        Trilu.Schema,
        Unique.Schema,
        Unsqueeze.Schema,
    ];
}
