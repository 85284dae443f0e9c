namespace Peregrine.Operators;

/// <summary>Images and boxes, in alphabetical order.</summary>
internal static class VisionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        AffineGrid.Schema,
        CenterCropPad.Schema,
        Col2Im.Schema,
        DepthToSpace.Schema,
        GridSample.Schema,
        ImageDecoder.Schema,
        NonMaxSuppression.Schema,
        Resize.Schema,
        RoiAlign.Schema,
        SpaceToDepth.Schema,
        Upsample.Schema,
    ];
}
