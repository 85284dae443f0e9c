using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The one mechanism behind transposes, slices, broadcasts, tiles, concatenations, splits and pads: it moves a box of elements between two strided layouts.
/// Offsets and strides count elements; strides may be negative, source strides also 0. Axes that run together in both layouts are merged and contiguous inner runs are block copies.
/// It allocates nothing up to rank 16.
/// </summary>
internal static class StridedCopy
{
    private const int StackRank = 16;

    /// <summary>The row-major strides of a tensor of these dimensions, in elements.</summary>
    public static void RowMajor(ReadOnlySpan<long> dims, Span<long> strides)
    {
        long stride = 1;
        for (int axis = dims.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= dims[axis];
        }
    }

    /// <summary>The offset of element <paramref name="index"/> (in row-major order) of a box of these dimensions under these strides.</summary>
    public static long Offset(long index, ReadOnlySpan<long> dims, ReadOnlySpan<long> strides)
    {
        long offset = 0;
        for (int axis = dims.Length - 1; axis >= 0; axis--)
        {
            (index, long coordinate) = Math.DivRem(index, dims[axis]);
            offset += coordinate * strides[axis];
        }

        return offset;
    }

    /// <summary>Sets every element of <paramref name="target"/> to the only element of <paramref name="value"/>.</summary>
    public static void Fill(Tensor value, Tensor target)
    {
        ReadOnlySpan<long> still = [0], step = [1], dims = [target.Length];
        Copy(value, 0, still, target, 0, step, dims);
    }

    /// <summary>Sets every element to zero, false or the empty string.</summary>
    public static void Clear(Tensor target)
    {
        if (target.Type == DataType.String)
        {
            Array.Fill(target.Strings, "");
        }
        else
        {
            target.Data.Span.Clear();
        }
    }

    /// <summary>Moves <paramref name="dims"/> elements of any type, strings and sub-byte types included; both tensors are of one type.</summary>
    public static void Copy(Tensor source, long sourceOffset, ReadOnlySpan<long> sourceStrides, Tensor target, long targetOffset, ReadOnlySpan<long> targetStrides, ReadOnlySpan<long> dims)
    {
        switch (source.Type.Bits())
        {
            case 0:
                Copy<string>(source.Strings, sourceOffset, sourceStrides, target.Strings, targetOffset, targetStrides, dims);
                break;
            case 8:
                Copy<byte>(source.Data.Span, sourceOffset, sourceStrides, target.Data.Span, targetOffset, targetStrides, dims);
                break;
            case 16:
                Bytes<ushort>(source, sourceOffset, sourceStrides, target, targetOffset, targetStrides, dims);
                break;
            case 32:
                Bytes<uint>(source, sourceOffset, sourceStrides, target, targetOffset, targetStrides, dims);
                break;
            case 64:
                Bytes<ulong>(source, sourceOffset, sourceStrides, target, targetOffset, targetStrides, dims);
                break;
            case 128:
                Bytes<UInt128>(source, sourceOffset, sourceStrides, target, targetOffset, targetStrides, dims);
                break;
            default:
                Walk(new PackedRun(source.Type.Bits(), source.Data.Span, target.Data.Span), source.Length, sourceOffset, sourceStrides, target.Length, targetOffset, targetStrides, dims);
                break;
        }
    }

    /// <summary>Moves <paramref name="dims"/> elements.</summary>
    public static void Copy<T>(ReadOnlySpan<T> source, long sourceOffset, ReadOnlySpan<long> sourceStrides, Span<T> target, long targetOffset, ReadOnlySpan<long> targetStrides, ReadOnlySpan<long> dims) =>
        Walk(new SpanRun<T>(source, target), source.Length, sourceOffset, sourceStrides, target.Length, targetOffset, targetStrides, dims);

    private static void Bytes<T>(Tensor source, long sourceOffset, ReadOnlySpan<long> sourceStrides, Tensor target, long targetOffset, ReadOnlySpan<long> targetStrides, ReadOnlySpan<long> dims) where T : unmanaged =>
        Copy(MemoryMarshal.Cast<byte, T>(source.Data.Span), sourceOffset, sourceStrides, MemoryMarshal.Cast<byte, T>(target.Data.Span), targetOffset, targetStrides, dims);

    [SkipLocalsInit]
    private static void Walk<TRun>(TRun run, long sourceLength, long sourceOffset, ReadOnlySpan<long> sourceStrides, long targetLength, long targetOffset, ReadOnlySpan<long> targetStrides, ReadOnlySpan<long> dims)
        where TRun : struct, IRun, allows ref struct
    {
        if (dims.Contains(0))
        {
            return;
        }

        CheckBounds(sourceLength, sourceOffset, sourceStrides, dims);
        CheckBounds(targetLength, targetOffset, targetStrides, dims);
        int capacity = Math.Max(dims.Length, 1);
        Span<Axis> axes = capacity <= StackRank ? stackalloc Axis[StackRank] : new Axis[capacity];
        int count = Merge(sourceStrides, targetStrides, dims, axes);
        Axis inner = count == 0 ? new(1, 1, 1) : axes[--count];
        Span<long> index = capacity <= StackRank ? stackalloc long[StackRank] : new long[capacity];
        index.Clear();
        while (true)
        {
            run.Copy(sourceOffset, inner.SourceStride, targetOffset, inner.TargetStride, inner.Extent);
            int axis = count - 1;
            for (; axis >= 0; axis--)
            {
                sourceOffset += axes[axis].SourceStride;
                targetOffset += axes[axis].TargetStride;
                if (++index[axis] < axes[axis].Extent)
                {
                    break;
                }

                index[axis] = 0;
                sourceOffset -= axes[axis].SourceStride * axes[axis].Extent;
                targetOffset -= axes[axis].TargetStride * axes[axis].Extent;
            }

            if (axis < 0)
            {
                return;
            }
        }
    }

    /// <summary>Drops axes of extent 1 and joins neighbours that advance as one axis in both layouts; the number of axes left.</summary>
    private static int Merge(ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> targetStrides, ReadOnlySpan<long> dims, Span<Axis> axes)
    {
        int count = 0;
        for (int i = 0; i < dims.Length; i++)
        {
            if (dims[i] == 1)
            {
                continue;
            }

            if (count > 0 && axes[count - 1].SourceStride == sourceStrides[i] * dims[i] && axes[count - 1].TargetStride == targetStrides[i] * dims[i])
            {
                axes[count - 1] = new(axes[count - 1].Extent * dims[i], sourceStrides[i], targetStrides[i]);
            }
            else
            {
                axes[count++] = new(dims[i], sourceStrides[i], targetStrides[i]);
            }
        }

        return count;
    }

    private static void CheckBounds(long length, long offset, ReadOnlySpan<long> strides, ReadOnlySpan<long> dims)
    {
        long first = offset, last = offset;
        for (int i = 0; i < dims.Length; i++)
        {
            long reach = checked((dims[i] - 1) * strides[i]);
            first = checked(first + Math.Min(reach, 0));
            last = checked(last + Math.Max(reach, 0));
        }

        if (first < 0 || last >= length)
        {
            throw new Diagnostics.InternalCompilerException($"A strided copy would touch elements {first} to {last} of {length}.");
        }
    }

    private readonly record struct Axis(long Extent, long SourceStride, long TargetStride);

    private interface IRun
    {
        void Copy(long source, long sourceStride, long target, long targetStride, long count);
    }

    private readonly ref struct SpanRun<T>(ReadOnlySpan<T> from, Span<T> to) : IRun
    {
        private readonly ReadOnlySpan<T> _from = from;
        private readonly Span<T> _to = to;

        public void Copy(long source, long sourceStride, long target, long targetStride, long count)
        {
            if (targetStride == 1 && sourceStride == 1)
            {
                _from.Slice((int)source, (int)count).CopyTo(_to[(int)target..]);
            }
            else if (targetStride == 1 && sourceStride == 0)
            {
                _to.Slice((int)target, (int)count).Fill(_from[(int)source]);
            }
            else
            {
                for (long i = 0; i < count; i++)
                {
                    _to[(int)target] = _from[(int)source];
                    source += sourceStride;
                    target += targetStride;
                }
            }
        }
    }

    private readonly ref struct PackedRun(int bits, ReadOnlySpan<byte> from, Span<byte> to) : IRun
    {
        private readonly ReadOnlySpan<byte> _from = from;
        private readonly Span<byte> _to = to;

        public void Copy(long source, long sourceStride, long target, long targetStride, long count)
        {
            for (long i = 0; i < count; i++)
            {
                PackedElements.SetBits(bits, _to, target, PackedElements.GetBits(bits, _from, source));
                source += sourceStride;
                target += targetStride;
            }
        }
    }
}
