namespace Peregrine.Operators;

/// <summary>The product of two quantised matrices as floats, and a bias.</summary>
internal static class MatMulIntegerToFloatImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain
        .Declare("MatMulIntegerToFloat", n => [IntegerProduct.ToFloat(n, n[0]!, n[1]!, n[2]!, n[3]!, n[4], n[5], n[6])])
        .Inputs("A", "B", "a_scale", "b_scale", "a_zero_point?", "b_zero_point?", "bias?").Outputs("Y");
}
