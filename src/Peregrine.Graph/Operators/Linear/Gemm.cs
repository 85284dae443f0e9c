using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>alpha · A' · B' + beta · C, where A' and B' are the matrices A and B, transposed if so marked, and C (optional) broadcasts to the result [m, n].</summary>
public sealed record Gemm(float Alpha = 1, float Beta = 1, bool TransA = false, bool TransB = false) : Operator
{
    public static readonly Schema<Gemm> Schema = new Schema<Gemm>("Gemm", since: 1, a => new(a.Float("alpha"), a.Float("beta"), a.Flag("transA"), a.Flag("transB")))
        .Inputs("A", "B", "C?").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1).Float("beta", o => o.Beta, 1).Flag("transA", o => o.TransA, false).Flag("transB", o => o.TransB, false)
        // Opsets 1 to 6 asked for leave to broadcast C; with equal shapes that changes nothing.
        .Legacy("broadcast");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (c.ElementType(1) != type || (c.Has(2) && c.ElementType(2) != type))
        {
            c.Error("PG2200", $"A is {c.TypeOf(0)}, B is {c.TypeOf(1)}{(c.Has(2) ? $", C is {c.TypeOf(2)}" : "")}; all must have one element type.");
            return;
        }

        if ((c.IsRanked(0) && c.Shape(0).Rank != 2) || (c.IsRanked(1) && c.Shape(1).Rank != 2))
        {
            c.Error("PG2202", $"A has the shape {c.Shape(0)} and B {c.Shape(1)}; both must be matrices (rank 2).", "Use MatMul for other ranks.");
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        (Dim m, Dim k) = TransA ? (c.Shape(0)[1], c.Shape(0)[0]) : (c.Shape(0)[0], c.Shape(0)[1]);
        (Dim k2, Dim n) = TransB ? (c.Shape(1)[1], c.Shape(1)[0]) : (c.Shape(1)[0], c.Shape(1)[1]);
        if (Dim.ProvablyDifferent(k, k2))
        {
            c.Error("PG2201", $"the shapes {c.Shape(0)}{(TransA ? " (transposed)" : "")} and {c.Shape(1)}{(TransB ? " (transposed)" : "")} cannot be multiplied: the inner dimensions {k} and {k2} differ.");
            return;
        }

        if (c.Has(2) && c.IsRanked(2) && !BroadcastsTo(c.Shape(2), m, n))
        {
            c.Error("PG2203", $"C of shape {c.Shape(2)} cannot be broadcast to the result [{m},{n}].");
            return;
        }

        c.Set(0, type, [m, n]);
    }

    private static bool BroadcastsTo(Shape c, Dim m, Dim n) =>
        c.Rank <= 2 && (c.Rank < 1 || Fits(c[c.Rank - 1], n)) && (c.Rank < 2 || Fits(c[0], m));

    private static bool Fits(Dim own, Dim target) => own == Dim.One || !Dim.ProvablyDifferent(own, target);

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.Float32:
                Multiply<float, double, float>(c, Alpha, Beta, c.Has(2) ? c.Read<float>(2) : default, c.Write<float>(0));
                break;
            case DataType.Float64:
                Multiply<double, double, double>(c, Alpha, Beta, c.Has(2) ? c.Read<double>(2) : default, c.Write<double>(0));
                break;
            case var type when type.IsFloat():
                Multiply<float, double, double>(c, Alpha, Beta, c.Has(2) ? c.Read<double>(2) : default, c.Write<double>(0));
                break;
            default:
                MultiplyIntegers(c);
                break;
        }
    }

    // The factors are floats: whole ones stay exact in 64 bits, others go through double and truncate toward zero.
    private void MultiplyIntegers(EvaluationScope c)
    {
        if (float.IsInteger(Alpha) && float.IsInteger(Beta))
        {
            Multiply<long, long, long>(c, (long)Alpha, (long)Beta, c.Has(2) ? c.Read<long>(2) : default, c.Write<long>(0));
        }
        else
        {
            Multiply<double, double, double>(c, Alpha, Beta, c.Has(2) ? c.Read<double>(2) : default, c.Write<double>(0));
        }
    }

    private void Multiply<TIn, TSum, TOut>(EvaluationScope c, TSum alpha, TSum beta, ReadOnlySpan<TOut> addend, Span<TOut> y)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        ReadOnlySpan<long> dimsA = c.Dims(0), dimsB = c.Dims(1);
        int m = (int)dimsA[TransA ? 1 : 0], k = (int)dimsA[TransA ? 0 : 1], n = (int)dimsB[TransB ? 0 : 1];
        MatrixView<TIn> a = TransA ? MatrixView<TIn>.Transposed(c.Read<TIn>(0), m) : MatrixView<TIn>.RowMajor(c.Read<TIn>(0), k);
        MatrixView<TIn> b = TransB ? MatrixView<TIn>.Transposed(c.Read<TIn>(1), k) : MatrixView<TIn>.RowMajor(c.Read<TIn>(1), n);
        MatrixView<TOut> initial = default;
        if (c.Has(2) && beta != TSum.Zero)
        {
            ReadOnlySpan<long> dims = c.Dims(2);
            long columns = dims.Length > 0 ? dims[^1] : 1, rows = dims.Length > 1 ? dims[0] : 1;
            initial = new(addend, rows == 1 ? 0 : (int)columns, columns == 1 ? 0 : 1);
        }

        ReferenceGemm.Multiply(m, n, k, alpha, a, b, beta, initial, y, n, c.Scratch<TSum>(ReferenceGemm.WorkspaceLength(m, n, k)));
    }
}
