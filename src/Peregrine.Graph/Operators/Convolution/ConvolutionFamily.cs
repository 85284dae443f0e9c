namespace Peregrine.Operators;

/// <summary>Convolution and pooling, in alphabetical order.</summary>
internal static class ConvolutionFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("AveragePool", static () => AveragePool.Schema),
        new("CausalConvWithState", static () => CausalConvWithState.Schema),
        new("Conv", static () => Conv.Schema),
        new("ConvInteger", static () => ConvInteger.Schema),
        new("ConvTranspose", static () => ConvTranspose.Schema),
        new("DeformConv", static () => DeformConv.Schema),
        new("GlobalAveragePool", static () => GlobalAveragePool.Schema),
        new("GlobalLpPool", static () => GlobalLpPool.Schema),
        new("GlobalMaxPool", static () => GlobalMaxPool.Schema),
        new("LpPool", static () => LpPool.Schema),
        new("MaxPool", static () => MaxPool.Schema),
        new("MaxRoiPool", static () => MaxRoiPool.Schema),
        new("MaxUnpool", static () => MaxUnpool.Schema),
        new("QLinearConv", static () => QLinearConv.Schema),
    ];
}
