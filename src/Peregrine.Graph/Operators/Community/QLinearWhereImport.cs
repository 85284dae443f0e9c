using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Where between two quantised tensors, in the scale and zero point of the result.</summary>
internal static class QLinearWhereImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QLinearWhere", Import)
        .Inputs("condition", "X", "x_scale", "x_zero_point", "Y", "y_scale", "y_zero_point", "z_scale", "z_zero_point").Outputs("Z");

    private static IReadOnlyList<Value?>? Import(ForeignNode n) =>
        [Requantization.Quantize(n, n.Call(new Where(), n[0], Requantization.Dequantize(n, 1), Requantization.Dequantize(n, 4)), 7, 1)];
}
