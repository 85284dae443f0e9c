using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>The product of a matrix, quantised on the way by DynamicQuantizeLinear, and a quantised one as floats, and a bias.</summary>
internal static class DynamicQuantizeMatMulImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("DynamicQuantizeMatMul", Import)
        .Inputs("A", "B", "b_scale", "b_zero_point?", "bias?").Outputs("Y");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        IReadOnlyList<Value?> a = n.CallMany(new DynamicQuantizeLinear(), 3, n[0]);
        return [IntegerProduct.ToFloat(n, a[0]!, n[1]!, a[1]!, n[2]!, a[2], n[3], n[4])];
    }
}
