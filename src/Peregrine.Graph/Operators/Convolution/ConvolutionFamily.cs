namespace Peregrine.Operators;

/// <summary>Convolution and pooling, in alphabetical order.</summary>
internal static class ConvolutionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        AveragePool.Schema,
        Conv.Schema,
        ConvTranspose.Schema,
        GlobalAveragePool.Schema,
        GlobalLpPool.Schema,
        GlobalMaxPool.Schema,
        LpPool.Schema,
        MaxPool.Schema,
    ];
}
