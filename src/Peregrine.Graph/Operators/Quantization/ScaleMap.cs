using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Which scale belongs to which element: one for all, one for each index of an axis, or one for each block of indices of an axis. The element at (outer, index, inner)
/// around the axis has scale number outer·<see cref="OuterStride"/> + (index / <see cref="Block"/>)·<see cref="AxisStride"/> + inner·<see cref="InnerStride"/>.
/// </summary>
internal readonly struct ScaleMap
{
    private ScaleMap(long outer, long extent, long inner, long block, long outerStride, long axisStride, long innerStride)
    {
        (Outer, Extent, Inner, Block, OuterStride, AxisStride, InnerStride) = (outer, extent, inner, block, outerStride, axisStride, innerStride);
    }

    public long Outer { get; }

    public long Extent { get; }

    public long Inner { get; }

    public long Block { get; }

    public long OuterStride { get; }

    public long AxisStride { get; }

    public long InnerStride { get; }

    /// <summary>The map for concrete dimensions that <see cref="Check"/> has found right.</summary>
    public static ScaleMap Of(ReadOnlySpan<long> x, ReadOnlySpan<long> scale, long axis, long blockSize)
    {
        if (Tensor.CountElements(scale) == 1)
        {
            return new(1, 1, Tensor.CountElements(x), 1, 0, 0, 0);
        }

        int at = Axis(axis, x.Length);
        long outer = Tensor.CountElements(x[..at]), inner = Tensor.CountElements(x[(at + 1)..]);
        return blockSize == 0
            ? new(outer, x[at], inner, 1, 0, 1, 0)
            : new(outer, x[at], inner, blockSize, scale[at] * inner, inner, 1);
    }

    /// <summary>Reports scales (input 1) and zero points (input 2) that do not fit the data (input 0).</summary>
    public static void Check(InferenceScope c, long axis, long blockSize)
    {
        if (c.Has(2) && c.IsRanked(1) && c.IsRanked(2) && !Same(c.Shape(1), c.Shape(2)) && !(IsSingle(c.Shape(1)) && IsSingle(c.Shape(2))))
        {
            c.Error("PG2651", $"the scale is {c.Shape(1)}, but the zero point {c.Shape(2)}; they must have one shape.");
            return;
        }

        if (blockSize < 0)
        {
            c.Error("PG2652", $"block_size is {blockSize}, but must not be negative.");
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1) || IsSingle(c.Shape(1)))
        {
            return;
        }

        Shape x = c.Shape(0), scale = c.Shape(1);
        if (scale.Rank != (blockSize == 0 ? 1 : x.Rank) || x.Rank == 0)
        {
            string wanted = blockSize == 0 ? "a scalar or a vector" : $"a scalar or of rank {x.Rank} (block_size is {blockSize})";
            c.Error("PG2653", $"the scale {scale} of a tensor {x} must be {wanted}.");
            return;
        }

        int at = x.Rank == 1 ? 0 : c.Axis(axis, x.Rank);
        for (int i = 0; i < scale.Rank && !c.HasFailed; i++)
        {
            int own = blockSize == 0 ? at : i;
            Dim expected = blockSize != 0 && i == at ? Dim.FloorDiv(x[own] + (blockSize - 1), blockSize) : x[own];
            if (Dim.ProvablyDifferent(scale[i], expected))
            {
                c.Error("PG2653", $"the scale {scale} does not fit a tensor {x} (axis {at}, block_size {blockSize}): dimension {i} must be {expected}.");
                return;
            }
        }
    }

    /// <summary>Whether there is one element whatever the rank.</summary>
    public static bool IsSingle(Shape shape) => shape.IsRanked && shape.All(d => d == Dim.One);

    private static bool Same(Shape a, Shape b) => a.Rank == b.Rank && !Enumerable.Range(0, a.Rank).Any(i => Dim.ProvablyDifferent(a[i], b[i]));

    /// <summary>For vectors the attribute has no meaning: its default, 1, would be outside of them.</summary>
    private static int Axis(long axis, int rank) => rank == 1 ? 0 : (int)(axis < 0 ? axis + rank : axis);
}
