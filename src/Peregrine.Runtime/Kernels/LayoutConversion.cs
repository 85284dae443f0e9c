using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>Plain conversions between layouts, element by element: for tests, observers and the tuner, not for running networks.</summary>
public static class LayoutConversion
{
    /// <summary>A row-major copy of what is stored in a layout. Element types of whole bytes.</summary>
    public static Tensor ToRowMajor(DataType type, ReadOnlySpan<long> dims, Layout layout, ReadOnlySpan<byte> stored)
    {
        Tensor result = Tensor.Allocate(type, dims);
        Walk(type, dims, layout, (plain, there, size, source, target) => source.Slice(there, size).CopyTo(target.Slice(plain, size)), stored, result.Data.Span);
        return result;
    }

    /// <summary>Stores a row-major tensor in a layout; padding and halo are left as they are.</summary>
    public static void Store(Tensor source, Layout layout, Span<byte> target) =>
        Walk(source.Type, source.Dims, layout, (plain, there, size, from, to) => from.Slice(plain, size).CopyTo(to.Slice(there, size)), source.Data.Span, target);

    private delegate void Move(int plain, int there, int size, ReadOnlySpan<byte> source, Span<byte> target);

    private static void Walk(DataType type, ReadOnlySpan<long> dims, Layout layout, Move move, ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (type.Bits() % 8 != 0)
        {
            throw new ArgumentException($"{type.Name()} has no whole bytes.", nameof(type));
        }

        int size = type.Bits() / 8;
        (long[] strides, long origin, _) = layout.Resolve(dims);
        long count = Tensor.CountElements(dims);
        long[] at = new long[dims.Length];
        for (long i = 0; i < count; i++)
        {
            long offset = origin;
            for (int axis = 0; axis < at.Length; axis++)
            {
                offset += axis == layout.BlockAxis ? (at[axis] / layout.Block * strides[axis]) + (at[axis] % layout.Block) : at[axis] * strides[axis];
            }

            move(checked((int)i * size), checked((int)offset * size), size, source, target);
            for (int axis = at.Length - 1; axis >= 0 && ++at[axis] == dims[axis]; axis--)
            {
                at[axis] = 0;
            }
        }
    }
}
