namespace Peregrine.Operators;

/// <summary>Images and boxes, in alphabetical order.</summary>
internal static class VisionFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("AffineGrid", static () => AffineGrid.Schema),
        new("CenterCropPad", static () => CenterCropPad.Schema),
        new("Col2Im", static () => Col2Im.Schema),
        new("DepthToSpace", static () => DepthToSpace.Schema),
        new("GridSample", static () => GridSample.Schema),
        new("ImageDecoder", static () => ImageDecoder.Schema),
        new("NonMaxSuppression", static () => NonMaxSuppression.Schema),
        new("Resize", static () => Resize.Schema),
        new("RoiAlign", static () => RoiAlign.Schema),
        new("SpaceToDepth", static () => SpaceToDepth.Schema),
        new("Upsample", static () => Upsample.Schema),
    ];
}
