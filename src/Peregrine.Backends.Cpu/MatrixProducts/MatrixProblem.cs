using Peregrine.Backends.Cpu.Products;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.MatrixProducts;

/// <summary>An operand of the epilogue of a matrix product: how it varies within one matrix. Its leading dimensions broadcast.</summary>
internal readonly record struct MatrixOperand(int Input, bool PerRow, bool PerColumn);

/// <summary>
/// A product of matrices of which neither need be constant: [..., m, k] · [..., k, n], leading dimensions broadcast, either matrix transposed in memory, each extent known at build time or not (null).
/// </summary>
internal sealed record MatrixProblem(bool TransA, bool TransB, long? Rows, long? Inner, long? Columns, long? Matrices, ValueList<MatrixOperand> Operands, Expr? Epilogue)
{
    public const int A = 0, B = 1;

    // What is assumed of an extent that only the call tells.
    private const int TypicalExtent = 128;

    /// <summary>Reads a request; null, with a reason, if it is no such product.</summary>
    public static MatrixProblem? Of(KernelRequest request, out string reason)
    {
        Gemm gemm = request.Anchor as Gemm ?? new Gemm();
        if (request.Anchor is not (MatMul or Gemm))
        {
            reason = "takes Gemm and MatMul";
            return null;
        }

        KernelOperand a = request.Inputs[A], b = request.Inputs[B], y = request.Outputs[0];
        if (new[] { a, b, y }.Any(o => o.Type != DataType.Float32 || !o.Layout.IsRowMajor || o.Dims.Count < 2))
        {
            reason = "needs row-major float32 matrices";
            return null;
        }

        KernelDim inner = a.Dims[gemm.TransA ? ^2 : ^1], other = b.Dims[gemm.TransB ? ^1 : ^2], rows = y.Dims[^2], columns = y.Dims[^1];
        inner = inner.IsStatic ? inner : other;
        if (inner.Max == 0 && inner.IsStatic)
        {
            reason = "needs at least one product in each sum";
            return null;
        }

        const long MostBytes = int.MaxValue / 64 / sizeof(float);
        if (new[] { inner, columns }.Any(d => d.IsStatic && d.Min > MostBytes))
        {
            reason = "rows are too far apart for one tile's code";
            return null;
        }

        List<MatrixOperand> operands = [];
        bool hasAddend = request.Anchor is Gemm && request.AnchorInputCount > 2 && request.Inputs[2].Role != OperandRole.Absent && gemm.Beta != 0;
        for (int input = hasAddend ? 2 : request.AnchorInputCount; input < request.Inputs.Count; input++)
        {
            if (Bind(request.Inputs[input], input, y) is not { } operand)
            {
                reason = $"epilogue operand {input} ({request.Inputs[input]}) does not broadcast to {y}";
                return null;
            }

            operands.Add(operand);
        }

        reason = "";
        Expr sum = new OperandExpr(0);
        sum = gemm.Alpha == 1 ? sum : sum * gemm.Alpha;
        sum = !hasAddend ? sum : sum + (gemm.Beta == 1 ? new OperandExpr(1) : new OperandExpr(1) * gemm.Beta);
        Expr? epilogue = request.Epilogue?.Replace(i => i == 0 ? sum : new OperandExpr(hasAddend ? i + 1 : i)) ?? (sum is OperandExpr ? null : sum);
        long? matrices = y.Dims.SkipLast(2).Aggregate((long?)1, (product, d) => d.IsStatic ? product * d.Min : null);
        return new(gemm.TransA, gemm.TransB, Known(rows), Known(inner), Known(columns), matrices, ValueList.From(operands), epilogue);
    }

    /// <summary>The same as a patch product, for the choice of tiles.</summary>
    public PatchProblem AsPatches()
    {
        int inner = (int)(Inner ?? TypicalExtent), columns = (int)(Columns ?? TypicalExtent);
        long rows = Rows ?? TypicalExtent;
        return new(1, inner, Math.Max(1, columns), new(1, 1, 1, 1, 0, 1), new(rows, 1, 1, 1, 0, rows), inner, columns, Matrices ?? 8, IsMatrix: true, default, [], null, A, B);
    }

    /// <summary>The extents of one call.</summary>
    /// <exception cref="BindingException">The operands do not fit together.</exception>
    public MatrixExtents Extents(ReadOnlySpan<long> a, ReadOnlySpan<long> b, ReadOnlySpan<long> y)
    {
        long inner = a[TransA ? ^2 : ^1];
        if (inner != b[TransB ? ^1 : ^2] || (Inner is { } known && inner != known) || (Columns is { } columns && columns != y[^1]) || !Broadcasts(a[..^2], y[..^2]) || !Broadcasts(b[..^2], y[..^2]))
        {
            throw new BindingException($"Matrices [{string.Join(',', a.ToArray())}] and [{string.Join(',', b.ToArray())}] cannot be multiplied to [{string.Join(',', y.ToArray())}].");
        }

        return new(Product(y[..^2]), y[^2], inner, y[^1], Product(a[..^2]), Product(b[..^2]));
    }

    /// <summary>Which of the operand's matrices belongs to one of the result's.</summary>
    /// <param name="own">The operand's leading dimensions.</param>
    /// <param name="result">The result's leading dimensions.</param>
    public static long MatrixOf(ReadOnlySpan<long> own, ReadOnlySpan<long> result, long matrix)
    {
        long index = 0, stride = 1;
        for (int fromEnd = 1; fromEnd <= own.Length; fromEnd++)
        {
            (matrix, long coordinate) = Math.DivRem(matrix, result[^fromEnd]);
            index += own[^fromEnd] == 1 ? 0 : coordinate * stride;
            stride *= own[^fromEnd];
        }

        return index;
    }

    public static long Product(ReadOnlySpan<long> dims)
    {
        long product = 1;
        foreach (long dim in dims)
        {
            product = checked(product * dim);
        }

        return product;
    }

    private static bool Broadcasts(ReadOnlySpan<long> own, ReadOnlySpan<long> result)
    {
        bool fits = own.Length <= result.Length;
        for (int fromEnd = 1; fits && fromEnd <= own.Length; fromEnd++)
        {
            fits = own[^fromEnd] == 1 || own[^fromEnd] == result[^fromEnd];
        }

        return fits;
    }

    private static long? Known(KernelDim dim) => dim.IsStatic ? dim.Min : null;

    private static MatrixOperand? Bind(KernelOperand operand, int input, KernelOperand result)
    {
        int shift = result.Dims.Count - operand.Dims.Count;
        if (operand.Type != DataType.Float32 || !operand.Layout.IsRowMajor || shift < 0)
        {
            return null;
        }

        bool Varies(int axis) => axis >= shift && operand.Dims[axis - shift] is not { Min: 1, Max: 1 };
        for (int axis = shift; axis < result.Dims.Count; axis++)
        {
            if (Varies(axis) && operand.Dims[axis - shift] != result.Dims[axis])
            {
                return null;
            }
        }

        return new(input, Varies(result.Dims.Count - 2), Varies(result.Dims.Count - 1));
    }
}

/// <summary>The extents of one call: how many matrices the result and the operands have, and theirs.</summary>
internal readonly record struct MatrixExtents(long Matrices, long Rows, long Inner, long Columns, long LeftMatrices, long RightMatrices);
