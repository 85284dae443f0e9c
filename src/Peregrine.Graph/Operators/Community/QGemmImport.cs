using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// alpha · A'·B' + C for quantised matrices that may be transposed, where C (int32) is in the product's own scale; quantised where a scale for the result is given, else float.
/// </summary>
internal static class QGemmImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QGemm", Import)
        .Inputs("A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C?", "y_scale?", "y_zero_point?").Outputs("Y")
        .Float("alpha", 1).Flag("transA").Flag("transB");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        const int B = 3, C = 6, Scale = 7;
        if (!n.RequireRank(0, 2) || !n.RequireRank(B, 2))
        {
            return null;
        }

        Value a = n.Flag("transA") ? n.Call(new Transpose(Ints.Create([1, 0])), n[0]) : n[0]!, b = n.Flag("transB") ? n.Call(new Transpose(Ints.Create([1, 0])), n[B]) : n[B]!;
        Value sums = n.Call(new MatMulInteger(), a, b, n[2], n[B + 2]);
        sums = n.Has(C) ? n.Call(new Add(), sums, n[C]) : sums;
        Value alphaScale = n.Float("alpha") == 1 ? n[1]! : n.Call(new Mul(), n[1], n.Number(n.ElementType(1), n.Float("alpha")));
        Value y = IntegerProduct.Scale(n, sums, alphaScale, n[B + 1]!);
        return [n.Has(Scale) ? Requantization.Quantize(n, y, Scale, 0) : y];
    }
}
