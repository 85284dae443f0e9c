using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>Rows of a call: how many, how long, how far apart. All kernels of rows cut them into tiles alike.</summary>
internal readonly record struct RowTable(long Rows, long Length, long Step)
{
    private const long TileBytes = 32 << 10;

    /// <summary>Rows of one tile.</summary>
    public long PerTile => Math.Max(Math.Max(1, TileBytes / Math.Max(1, Length * sizeof(float))), Rows >> 20);

    public int Tiles => Rows == 0 || Length == 0 ? 0 : (int)((Rows + PerTile - 1) / PerTile);

    /// <summary>The elements of the axes from <paramref name="axis"/> on, of a row-major operand.</summary>
    public static RowTable From(ReadOnlySpan<long> dims, int axis) => new(Tensor.CountElements(dims[..axis]), Tensor.CountElements(dims[axis..]), Tensor.CountElements(dims[axis..]));

    /// <summary>The channels of each pixel of a channels-last operand.</summary>
    public static RowTable Pixels(ReadOnlySpan<long> dims, Layout layout) =>
        new(dims[0] * Tensor.CountElements(dims[2..]), dims[1], Math.Max(dims[1], layout.InnerStride));
}
