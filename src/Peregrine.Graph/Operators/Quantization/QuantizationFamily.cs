namespace Peregrine.Operators;

/// <summary>Quantised arithmetic and conversions between number formats, in alphabetical order.</summary>
internal static class QuantizationFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("DequantizeLinear", static () => DequantizeLinear.Schema),
        new("DynamicQuantizeLinear", static () => DynamicQuantizeLinear.Schema),
        new("MatMulInteger", static () => MatMulInteger.Schema),
        new("QLinearMatMul", static () => QLinearMatMul.Schema),
        new("QuantizeLinear", static () => QuantizeLinear.Schema),
    ];
}
