namespace Peregrine.Operators;

/// <summary>Convolution and pooling, in alphabetical order.</summary>
internal static class ConvolutionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        AveragePool.Schema,
        CausalConvWithState.Schema,
        Conv.Schema,
        ConvInteger.Schema,
        ConvTranspose.Schema,
        DeformConv.Schema,
        GlobalAveragePool.Schema,
        GlobalLpPool.Schema,
        GlobalMaxPool.Schema,
        LpPool.Schema,
        MaxPool.Schema,
        MaxRoiPool.Schema,
        MaxUnpool.Schema,
        QLinearConv.Schema,
    ];
}
