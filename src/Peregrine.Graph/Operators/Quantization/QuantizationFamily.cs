namespace Peregrine.Operators;

/// <summary>Quantised arithmetic and conversions between number formats, in alphabetical order.</summary>
internal static class QuantizationFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        DequantizeLinear.Schema,
        DynamicQuantizeLinear.Schema,
        MatMulInteger.Schema,
        QLinearMatMul.Schema,
        QuantizeLinear.Schema,
    ];
}
