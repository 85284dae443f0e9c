using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Where the elements of an operand lie: per logical axis an extent and a stride, counted in elements, from an origin. Slices, permutations and broadcasts of it are again such views.</summary>
internal sealed class StoredTensor
{
    private StoredTensor(long[] dims, long[] strides, long origin, long capacity)
    {
        Dims = dims;
        Strides = strides;
        Origin = origin;
        Capacity = capacity;
    }

    public long[] Dims { get; }

    public long[] Strides { get; }

    /// <summary>Element offset of the first logical element.</summary>
    public long Origin { get; }

    /// <summary>Elements of the whole storage: every view must stay inside of it.</summary>
    public long Capacity { get; }

    /// <summary>An operand of these dims in a layout without blocks.</summary>
    public static StoredTensor Of(ReadOnlySpan<long> dims, Layout layout)
    {
        (long[] strides, long origin, long elements) = layout.Resolve(dims);
        return new(dims.ToArray(), strides, origin, elements);
    }

    /// <summary>The same storage under other extents and strides.</summary>
    public StoredTensor View(long[] dims, long[] strides, long origin) => new(dims, strides, origin, Capacity);

    /// <summary>A part of one axis.</summary>
    public StoredTensor Part(int axis, long first, long count)
    {
        long[] dims = [.. Dims];
        dims[axis] = count;
        return View(dims, Strides, Origin + (first * Strides[axis]));
    }
}
