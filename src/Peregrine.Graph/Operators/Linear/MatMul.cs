using System.Numerics;
using System.Runtime.InteropServices;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Matrix product as numpy.matmul: [..., m, k] · [..., k, n] → [..., m, n], leading dimensions broadcast; a vector counts as a row on the left, as a column on the right.</summary>
public sealed record MatMul : Operator
{
    public static readonly Schema<MatMul> Schema = new Schema<MatMul>("MatMul", since: 1, _ => new()).Inputs("A", "B").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (c.ElementType(0) != c.ElementType(1))
        {
            c.Error("PG2200", $"A is {c.TypeOf(0)}, but B is {c.TypeOf(1)}; both must have one element type.");
            return;
        }

        c.Set(0, c.ElementType(0), InferShape(c, 0, 1));
    }

    /// <summary>The shape of the product of inputs <paramref name="left"/> and <paramref name="right"/>; an error if they do not fit.</summary>
    internal static Shape InferShape(InferenceScope c, int left, int right)
    {
        if (!c.IsRanked(left) || !c.IsRanked(right))
        {
            return Symbolics.Shape.Unranked;
        }

        Shape a = c.Shape(left), b = c.Shape(right);
        if (a.Rank == 0 || b.Rank == 0)
        {
            c.Error("PG2201", $"the shapes {a} and {b} cannot be multiplied: a matrix product takes no scalars.");
            return Symbolics.Shape.Unranked;
        }

        Dim inner = a[a.Rank - 1], other = b[Math.Max(0, b.Rank - 2)];
        if (Dim.ProvablyDifferent(inner, other))
        {
            c.Error("PG2201", $"the shapes {a} and {b} cannot be multiplied: the inner dimensions {inner} and {other} differ.");
            return Symbolics.Shape.Unranked;
        }

        Shape batch = c.Broadcast(Symbolics.Shape.Create(a.AsSpan()[..Math.Max(0, a.Rank - 2)]), Symbolics.Shape.Create(b.AsSpan()[..Math.Max(0, b.Rank - 2)]));
        List<Dim> dims = [.. batch];
        if (a.Rank > 1)
        {
            dims.Add(a[a.Rank - 2]);
        }

        if (b.Rank > 1)
        {
            dims.Add(b[b.Rank - 1]);
        }

        return Symbolics.Shape.From(dims);
    }

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.Float32:
                Multiply<float, double, float>(c, c.Read<float>(0), c.Read<float>(1), c.Write<float>(0));
                break;
            case DataType.Float64:
                Multiply<double, double, double>(c, c.Read<double>(0), c.Read<double>(1), c.Write<double>(0));
                break;
            case DataType.UInt64:
                // Two's complement: the low 64 bits of a product do not depend on the sign.
                Multiply<long, long, long>(c, MemoryMarshal.Cast<ulong, long>(c.Read<ulong>(0)), MemoryMarshal.Cast<ulong, long>(c.Read<ulong>(1)), MemoryMarshal.Cast<ulong, long>(c.Write<ulong>(0)));
                break;
            case var type when type.IsFloat():
                Multiply<float, double, double>(c, c.Read<float>(0), c.Read<float>(1), c.Write<double>(0));
                break;
            default:
                Multiply<long, long, long>(c, c.Read<long>(0), c.Read<long>(1), c.Write<long>(0));
                break;
        }
    }

    /// <summary>The product of inputs 0 and 1, whose elements the caller has converted, with the dimensions that those inputs have.</summary>
    internal static void Multiply<TIn, TSum, TOut>(EvaluationScope c, ReadOnlySpan<TIn> a, ReadOnlySpan<TIn> b, Span<TOut> y, int left = 0, int right = 1)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        ReadOnlySpan<long> dimsA = c.Dims(left), dimsB = c.Dims(right);
        int m = dimsA.Length > 1 ? (int)dimsA[^2] : 1, k = (int)dimsA[^1], n = dimsB.Length > 1 ? (int)dimsB[^1] : 1;
        ReadOnlySpan<long> batchA = dimsA[..Math.Max(0, dimsA.Length - 2)], batchB = dimsB[..Math.Max(0, dimsB.Length - 2)];
        if (y.IsEmpty)
        {
            return;
        }

        int batch = 1;
        if (Tensor.CountElements(batchB) == 1)
        {
            // One B for all: the batch is more rows.
            m = y.Length / n;
        }
        else
        {
            batch = y.Length / (m * n);
        }

        Span<TSum> workspace = c.Scratch<TSum>(ReferenceGemm.WorkspaceLength(m, n, k));
        for (int i = 0; i < batch; i++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            int offsetA = batch == 1 ? 0 : BroadcastIndex(i, batchA, batchA, batchB), offsetB = batch == 1 ? 0 : BroadcastIndex(i, batchB, batchA, batchB);
            ReferenceGemm.Multiply(
                m, n, k,
                TSum.One, MatrixView<TIn>.RowMajor(a[(offsetA * m * k)..], k), MatrixView<TIn>.RowMajor(b[(offsetB * k * n)..], n),
                TSum.Zero, default, y[(i * m * n)..], n, workspace);
        }
    }

    /// <summary>Which element of <paramref name="own"/> belongs to element <paramref name="flat"/> of what <paramref name="a"/> and <paramref name="b"/> broadcast to.</summary>
    private static int BroadcastIndex(int flat, ReadOnlySpan<long> own, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        int index = 0, stride = 1;
        for (int fromEnd = 1; fromEnd <= Math.Max(a.Length, b.Length); fromEnd++)
        {
            long x = fromEnd <= a.Length ? a[^fromEnd] : 1, y = fromEnd <= b.Length ? b[^fromEnd] : 1;
            int extent = (int)(x == 1 ? y : x);
            int coordinate = flat % extent;
            flat /= extent;
            if (fromEnd <= own.Length)
            {
                index += own[^fromEnd] == 1 ? 0 : coordinate * stride;
                stride *= (int)own[^fromEnd];
            }
        }

        return index;
    }
}
