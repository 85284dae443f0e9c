using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Operators;

/// <summary>
/// The matrix product of the reference kernels: <c>C = alpha · A · B + beta · initial</c>. Floats accumulate in double, so each element is rounded once; integers
/// accumulate in their own width and wrap. Every element sums its products in the order of k whatever the blocking or the vector width, hence equal bits on every machine
/// for float inputs (a product of two floats is exact in double). Single-threaded; panels are packed as in Goto and van de Geijn, "Anatomy of High-Performance Matrix
/// Multiplication" (2008).
/// </summary>
internal static class ReferenceGemm
{
    private const int RowTile = 4;
    private const int RowBlock = 128;
    private const int ColumnBlock = 256;
    private const int DepthBlock = 256;

    // Below this many rows packing B costs more than it saves.
    private const int FewRows = 4;

    /// <summary>Elements of workspace (of the accumulator's type) that a product of these extents needs; at most 131,072.</summary>
    public static int WorkspaceLength(int m, int n, int k)
    {
        int columns = PaddedColumns(Math.Min(n, ColumnBlock));
        if (m < FewRows)
        {
            return columns;
        }

        int rows = RoundUp(Math.Min(m, RowBlock), RowTile), depth = Math.Min(k, DepthBlock);
        return (rows * columns) + (rows * depth) + (depth * columns);
    }

    /// <summary>Fills <paramref name="c"/> (m × n, row-major with <paramref name="columnsOfC"/> elements from row to row).</summary>
    /// <param name="initial">An m × n view that is scaled by <paramref name="beta"/> and added; empty for none.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements; the contents do not matter.</param>
    /// <typeparam name="TIn">float, double, int or long.</typeparam>
    /// <typeparam name="TSum">The accumulator: double for floats, int or long for integers.</typeparam>
    /// <typeparam name="TOut">The type of the result.</typeparam>
    public static void Multiply<TIn, TSum, TOut>(
        int m, int n, int k, TSum alpha, MatrixView<TIn> a, MatrixView<TIn> b, TSum beta, MatrixView<TOut> initial, Span<TOut> c, int columnsOfC, Span<TSum> workspace)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        for (int column = 0; column < n; column += ColumnBlock)
        {
            int columns = Math.Min(ColumnBlock, n - column);
            int padded = PaddedColumns(columns);
            if (m < FewRows)
            {
                for (int row = 0; row < m; row++)
                {
                    Span<TSum> sums = workspace[..padded];
                    MultiplyRow(a, b, row, column, columns, k, sums);
                    Finish(sums, padded, alpha, beta, initial, row, column, 1, columns, c, columnsOfC);
                }

                continue;
            }

            for (int row = 0; row < m; row += RowBlock)
            {
                int rows = Math.Min(RowBlock, m - row), paddedRows = RoundUp(rows, RowTile), depthBlock = Math.Min(k, DepthBlock);
                Span<TSum> sums = workspace[..(paddedRows * padded)];
                Span<TSum> packedA = workspace.Slice(sums.Length, paddedRows * depthBlock);
                Span<TSum> packedB = workspace.Slice(sums.Length + packedA.Length, depthBlock * padded);
                sums.Clear();
                for (int depth = 0; depth < k; depth += DepthBlock)
                {
                    int depths = Math.Min(DepthBlock, k - depth);
                    PackRows(a, row, rows, depth, depths, packedA);
                    PackColumns(b, depth, depths, column, columns, packedB);
                    MultiplyBlock(packedA, packedB, paddedRows, columns, padded, depths, sums);
                }

                Finish(sums, padded, alpha, beta, initial, row, column, rows, columns, c, columnsOfC);
            }
        }
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    // A multiple of every vector width in use, so that the block's layout fits any of them.
    private static int PaddedColumns(int columns) => RoundUp(columns, 32);

    /// <summary>Tiles of <see cref="RowTile"/> rows, each depth by depth; missing rows are zero.</summary>
    private static void PackRows<TIn, TSum>(MatrixView<TIn> a, int row, int rows, int depth, int depths, Span<TSum> packed)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
    {
        int target = 0;
        for (int tile = 0; tile < rows; tile += RowTile)
        {
            for (int lane = 0; lane < RowTile; lane++)
            {
                Span<TSum> lanes = packed[(target + lane)..];
                if (tile + lane >= rows)
                {
                    for (int p = 0; p < depths; p++)
                    {
                        lanes[p * RowTile] = TSum.Zero;
                    }

                    continue;
                }

                int source = ((row + tile + lane) * a.RowStride) + (depth * a.ColumnStride);
                for (int p = 0; p < depths; p++, source += a.ColumnStride)
                {
                    lanes[p * RowTile] = TSum.CreateTruncating(a.Elements[source]);
                }
            }

            target += RowTile * depths;
        }
    }

    /// <summary>Panels of two vectors' width, each depth by depth; missing columns are zero.</summary>
    private static void PackColumns<TIn, TSum>(MatrixView<TIn> b, int depth, int depths, int column, int columns, Span<TSum> packed)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
    {
        int width = 2 * Vector<TSum>.Count, target = 0;
        for (int panel = 0; panel < columns; panel += width)
        {
            int valid = Math.Min(width, columns - panel);
            for (int p = 0; p < depths; p++, target += width)
            {
                Span<TSum> line = packed.Slice(target, width);
                int source = ((depth + p) * b.RowStride) + ((column + panel) * b.ColumnStride);
                if (b.ColumnStride == 1)
                {
                    ReadOnlySpan<TIn> elements = b.Elements.Slice(source, valid);
                    for (int j = 0; j < elements.Length; j++)
                    {
                        line[j] = TSum.CreateTruncating(elements[j]);
                    }
                }
                else
                {
                    for (int j = 0; j < valid; j++)
                    {
                        line[j] = TSum.CreateTruncating(b.Elements[source + (j * b.ColumnStride)]);
                    }
                }

                line[valid..].Clear();
            }
        }
    }

    private static void MultiplyBlock<TSum>(ReadOnlySpan<TSum> packedA, ReadOnlySpan<TSum> packedB, int rows, int columns, int stride, int depths, Span<TSum> sums)
        where TSum : unmanaged, INumber<TSum>
    {
        int width = 2 * Vector<TSum>.Count;
        for (int panel = 0; panel < columns; panel += width)
        {
            ReadOnlySpan<TSum> b = packedB.Slice(panel * depths, width * depths);
            for (int row = 0; row < rows; row += RowTile)
            {
                ReadOnlySpan<TSum> a = packedA.Slice(row * depths, RowTile * depths);
                MultiplyTile(a, b, depths, sums[((row * stride) + panel)..], stride);
            }
        }
    }

    /// <summary>A tile of 4 rows by 2 vectors, kept in registers over the whole depth.</summary>
    private static void MultiplyTile<TSum>(ReadOnlySpan<TSum> a, ReadOnlySpan<TSum> b, int depths, Span<TSum> c, int stride)
        where TSum : unmanaged, INumber<TSum>
    {
        int lanes = Vector<TSum>.Count;
        Vector<TSum> c00 = new(c), c01 = new(c[lanes..]);
        Vector<TSum> c10 = new(c[stride..]), c11 = new(c[(stride + lanes)..]);
        Vector<TSum> c20 = new(c[(2 * stride)..]), c21 = new(c[((2 * stride) + lanes)..]);
        Vector<TSum> c30 = new(c[(3 * stride)..]), c31 = new(c[((3 * stride) + lanes)..]);

        // The slices above and the callers' packing guarantee depths · 4 elements of a and depths · 2 · lanes of b.
        ref TSum left = ref MemoryMarshal.GetReference(a);
        ref TSum right = ref MemoryMarshal.GetReference(b);
        for (int p = 0; p < depths; p++)
        {
            Vector<TSum> b0 = Vector.LoadUnsafe(ref right), b1 = Vector.LoadUnsafe(ref right, (nuint)lanes);
            Vector<TSum> x = Vector.Create(left);
            c00 = MultiplyAdd(x, b0, c00);
            c01 = MultiplyAdd(x, b1, c01);
            x = Vector.Create(Unsafe.Add(ref left, 1));
            c10 = MultiplyAdd(x, b0, c10);
            c11 = MultiplyAdd(x, b1, c11);
            x = Vector.Create(Unsafe.Add(ref left, 2));
            c20 = MultiplyAdd(x, b0, c20);
            c21 = MultiplyAdd(x, b1, c21);
            x = Vector.Create(Unsafe.Add(ref left, 3));
            c30 = MultiplyAdd(x, b0, c30);
            c31 = MultiplyAdd(x, b1, c31);
            left = ref Unsafe.Add(ref left, RowTile);
            right = ref Unsafe.Add(ref right, 2 * lanes);
        }

        c00.CopyTo(c);
        c01.CopyTo(c[lanes..]);
        c10.CopyTo(c[stride..]);
        c11.CopyTo(c[(stride + lanes)..]);
        c20.CopyTo(c[(2 * stride)..]);
        c21.CopyTo(c[((2 * stride) + lanes)..]);
        c30.CopyTo(c[(3 * stride)..]);
        c31.CopyTo(c[((3 * stride) + lanes)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> MultiplyAdd<T>(Vector<T> x, Vector<T> y, Vector<T> sum) where T : unmanaged =>
        typeof(T) == typeof(double)
            ? Vector.MultiplyAddEstimate(x.As<T, double>(), y.As<T, double>(), sum.As<T, double>()).As<double, T>()
            : (x * y) + sum;

    /// <summary>One row of A times a block of columns, without packing.</summary>
    private static void MultiplyRow<TIn, TSum>(MatrixView<TIn> a, MatrixView<TIn> b, int row, int column, int columns, int k, Span<TSum> sums)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
    {
        sums.Clear();
        if (b.ColumnStride != 1)
        {
            for (int j = 0; j < columns; j++)
            {
                TSum sum = TSum.Zero;
                int left = row * a.RowStride, right = (column + j) * b.ColumnStride;
                for (int p = 0; p < k; p++, left += a.ColumnStride, right += b.RowStride)
                {
                    sum += TSum.CreateTruncating(a.Elements[left]) * TSum.CreateTruncating(b.Elements[right]);
                }

                sums[j] = sum;
            }

            return;
        }

        for (int p = 0; p < k; p++)
        {
            TSum factor = TSum.CreateTruncating(a.Elements[(row * a.RowStride) + (p * a.ColumnStride)]);
            ReadOnlySpan<TIn> line = b.Elements.Slice((p * b.RowStride) + column, columns);
            int j = 0;
            if (typeof(TIn) == typeof(float) && typeof(TSum) == typeof(double))
            {
                ReadOnlySpan<float> floats = MemoryMarshal.Cast<TIn, float>(line);
                Span<double> doubles = MemoryMarshal.Cast<TSum, double>(sums);
                Vector<double> scale = new(double.CreateTruncating(factor));
                for (; j + Vector<float>.Count <= floats.Length; j += Vector<float>.Count)
                {
                    Vector.Widen(new Vector<float>(floats[j..]), out Vector<double> low, out Vector<double> high);
                    Span<double> target = doubles.Slice(j, Vector<float>.Count);
                    Vector.MultiplyAddEstimate(scale, low, new Vector<double>(target)).CopyTo(target);
                    Vector.MultiplyAddEstimate(scale, high, new Vector<double>(target[Vector<double>.Count..])).CopyTo(target[Vector<double>.Count..]);
                }
            }

            if (typeof(TIn) == typeof(TSum))
            {
                ReadOnlySpan<TSum> terms = MemoryMarshal.Cast<TIn, TSum>(line);
                Vector<TSum> scale = Vector.Create(factor);
                for (; j + Vector<TSum>.Count <= terms.Length; j += Vector<TSum>.Count)
                {
                    MultiplyAdd(scale, new Vector<TSum>(terms[j..]), new Vector<TSum>(sums[j..])).CopyTo(sums[j..]);
                }
            }

            for (; j < line.Length; j++)
            {
                sums[j] += factor * TSum.CreateTruncating(line[j]);
            }
        }
    }

    private static void Finish<TSum, TOut>(
        ReadOnlySpan<TSum> sums, int stride, TSum alpha, TSum beta, MatrixView<TOut> initial, int row, int column, int rows, int columns, Span<TOut> c, int columnsOfC)
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<TSum> source = sums.Slice(i * stride, columns);
            Span<TOut> target = c.Slice(((row + i) * columnsOfC) + column, columns);
            if (initial.IsEmpty)
            {
                for (int j = 0; j < target.Length; j++)
                {
                    target[j] = TOut.CreateTruncating(alpha * source[j]);
                }

                continue;
            }

            int addend = ((row + i) * initial.RowStride) + (column * initial.ColumnStride);
            for (int j = 0; j < target.Length; j++, addend += initial.ColumnStride)
            {
                target[j] = TOut.CreateTruncating((alpha * source[j]) + (beta * TSum.CreateTruncating(initial.Elements[addend])));
            }
        }
    }
}
