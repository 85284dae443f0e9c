namespace Peregrine.Operators;

/// <summary>Operators that move, select or describe elements without computing on them, in alphabetical order.</summary>
internal static class ShapeFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("Compress", static () => Compress.Schema),
        new("Concat", static () => Concat.Schema),
        new("ConstantOfShape", static () => ConstantOfShape.Schema),
        new("DimTensor", static () => DimTensor.Schema, "peregrine"),
        new("Expand", static () => Expand.Schema),
        new("EyeLike", static () => EyeLike.Schema),
        new("Flatten", static () => Flatten.Schema),
        new("Gather", static () => Gather.Schema),
        new("GatherElements", static () => GatherElements.Schema),
        new("GatherND", static () => GatherND.Schema),
        new("Identity", static () => Identity.Schema),
        new("NonZero", static () => NonZero.Schema),
        new("Range", static () => NumberRange.Schema),
        new("OneHot", static () => OneHot.Schema),
        new("Pad", static () => Pad.Schema),
        new("Reshape", static () => Reshape.Schema),
        new("ReverseSequence", static () => ReverseSequence.Schema),
        new("Scatter", static () => Scatter.Schema),
        new("ScatterElements", static () => ScatterElements.Schema),
        new("ScatterND", static () => ScatterND.Schema),
        new("Shape", static () => ShapeOf.Schema),
        new("Size", static () => SizeOf.Schema),
        new("Slice", static () => Slice.Schema),
        new("Split", static () => Split.Schema),
        new("Squeeze", static () => Squeeze.Schema),
        new("Tile", static () => Tile.Schema),
        new("Transpose", static () => Transpose.Schema),
        new("Trilu", static () => Trilu.Schema),
        new("Unique", static () => Unique.Schema),
        new("Unsqueeze", static () => Unsqueeze.Schema),
    ];
}
