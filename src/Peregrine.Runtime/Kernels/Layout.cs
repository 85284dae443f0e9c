using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>What the halo around a tensor's spatial extent is filled with. Two consumers that want different fills need two layouts.</summary>
public enum HaloFill
{
    /// <summary>There is no halo.</summary>
    None,
    /// <summary>0: convolution and average pooling.</summary>
    Zero,
    /// <summary>−∞, or the smallest integer: max pooling.</summary>
    Lowest,
    /// <summary>The tensor's zero point: quantised convolution.</summary>
    ZeroPoint,
}

/// <summary>
/// How the elements of a tensor lie in memory. Dimensions are stored in <see cref="Order"/>, the innermost last; the dimension that is innermost may be padded to
/// <see cref="InnerStride"/>; the dimension <see cref="BlockAxis"/> may be cut into blocks of <see cref="Block"/> that become the innermost dimension; stored dimensions may have a halo,
/// which the producer writes on every run. Lanes past the end of a block are 0. What lies between the end of a padded inner dimension and the next position is not the tensor's: nobody reads or
/// writes it through this layout, so that tensors can lie side by side in the pixels of a larger one.
/// </summary>
public sealed record Layout
{
    /// <summary>Plain row-major: what callers see.</summary>
    public static Layout RowMajor { get; } = new();

    /// <summary>The logical axes in stored order; empty for the logical order.</summary>
    public Ints Order { get; init; }

    /// <summary>The logical axis that is cut into blocks, or −1.</summary>
    public int BlockAxis { get; init; } = -1;

    /// <summary>Elements of one block; 1 without blocks.</summary>
    public int Block { get; init; } = 1;

    /// <summary>Elements from one position of the second innermost stored dimension to the next (the "pixel stride" of channels-last); 0 for dense.</summary>
    public long InnerStride { get; init; }

    /// <summary>Per logical axis the elements before the first; empty without halo.</summary>
    public Ints HaloBefore { get; init; }

    /// <summary>Per logical axis the elements after the last; empty without halo.</summary>
    public Ints HaloAfter { get; init; }

    public HaloFill Fill { get; init; } = HaloFill.None;

    public bool IsRowMajor => this == RowMajor;

    /// <summary>Channels-last for a tensor [batch, channels, spatial…] with that many elements from pixel to pixel (0: dense).</summary>
    public static Layout ChannelsLast(int rank, long pixelStride = 0)
    {
        long[] order = new long[rank];
        for (int i = 1; i < rank - 1; i++)
        {
            order[i] = i + 1;
        }

        order[rank - 1] = 1;
        return new() { Order = Ints.Create(order), InnerStride = pixelStride };
    }

    /// <summary>
    /// The element strides per logical axis, the element offset of the first logical element, and the number of elements that the storage takes, which ends with the last element proper. With blocks the stride of the blocked axis is that
    /// between blocks; element i of it lies at (i / Block)·stride + i mod Block.
    /// </summary>
    public (long[] Strides, long Origin, long Elements) Resolve(ReadOnlySpan<long> dims)
    {
        int rank = dims.Length;
        long[] strides = new long[rank];
        long stride = Block, origin = 0, gap = 0;
        for (int position = rank - 1; position >= 0; position--)
        {
            int axis = Order.Count == 0 ? position : (int)Order[position];
            strides[axis] = stride;
            long extent = dims[axis] + Halo(HaloBefore, axis) + Halo(HaloAfter, axis);
            if (axis == BlockAxis)
            {
                extent = (extent + Block - 1) / Block;
            }

            origin += Halo(HaloBefore, axis) * stride;
            long span = checked(stride * extent);
            if (position == rank - 1 && InnerStride > 0)
            {
                if (InnerStride < span)
                {
                    throw new ArgumentException($"An inner stride of {InnerStride} is smaller than the {span} elements that it separates.");
                }

                gap = InnerStride - span;
                span = InnerStride;
            }

            stride = span;
        }

        return (strides, origin, Math.Max(0, stride - gap));
    }

    /// <summary>Where the element at these logical coordinates lies, in elements from the start of the storage.</summary>
    public long Offset(ReadOnlySpan<long> dims, ReadOnlySpan<long> coordinates)
    {
        (long[] strides, long offset, _) = Resolve(dims);
        for (int axis = 0; axis < coordinates.Length; axis++)
        {
            offset += axis == BlockAxis ? (coordinates[axis] / Block * strides[axis]) + (coordinates[axis] % Block) : coordinates[axis] * strides[axis];
        }

        return offset;
    }

    public override string ToString()
    {
        if (IsRowMajor)
        {
            return "row-major";
        }

        List<string> parts = [];
        if (Order.Count > 0)
        {
            parts.Add($"order {Order}");
        }

        if (BlockAxis >= 0)
        {
            parts.Add($"axis {BlockAxis} in blocks of {Block}");
        }

        if (InnerStride > 0)
        {
            parts.Add($"inner stride {InnerStride}");
        }

        if (Fill != HaloFill.None)
        {
            parts.Add($"halo {HaloBefore}/{HaloAfter} of {Fill}");
        }

        return string.Join(", ", parts);
    }

    private static long Halo(Ints halo, int axis) => halo.Count == 0 ? 0 : halo[axis];
}
