using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>Plain conversions between layouts, element by element: for tests, observers, the tuner and reference kernels, not for running networks fast.</summary>
public static class LayoutConversion
{
    /// <summary>A row-major copy of what is stored in a layout. Element types of whole bytes.</summary>
    public static Tensor ToRowMajor(DataType type, ReadOnlySpan<long> dims, Layout layout, ReadOnlySpan<byte> stored)
    {
        Tensor result = Tensor.Allocate(type, dims);
        Load(stored, layout, result);
        return result;
    }

    /// <summary>Copies what is stored in a layout into a row-major tensor of its dims. Element types of whole bytes.</summary>
    public static void Load(ReadOnlySpan<byte> stored, Layout layout, Tensor target)
    {
        switch (SizeOf(target.Type))
        {
            case 1: Gather<byte>(target.Dims, layout, stored, target.Data.Span); break;
            case 2: Gather<ushort>(target.Dims, layout, stored, target.Data.Span); break;
            case 4: Gather<uint>(target.Dims, layout, stored, target.Data.Span); break;
            case 8: Gather<ulong>(target.Dims, layout, stored, target.Data.Span); break;
            default: Gather<UInt128>(target.Dims, layout, stored, target.Data.Span); break;
        }
    }

    /// <summary>Stores a row-major tensor in a layout; padding and halo are left as they are.</summary>
    public static void Store(Tensor source, Layout layout, Span<byte> target)
    {
        switch (SizeOf(source.Type))
        {
            case 1: Scatter<byte>(source.Dims, layout, source.Data.Span, target); break;
            case 2: Scatter<ushort>(source.Dims, layout, source.Data.Span, target); break;
            case 4: Scatter<uint>(source.Dims, layout, source.Data.Span, target); break;
            case 8: Scatter<ulong>(source.Dims, layout, source.Data.Span, target); break;
            default: Scatter<UInt128>(source.Dims, layout, source.Data.Span, target); break;
        }
    }

    /// <summary>
    /// Stores a row-major tensor in a layout with all that belongs to it: the halo with its fill, lanes past the end of a block with 0. The fill <see cref="HaloFill.ZeroPoint"/> is not known here.
    /// </summary>
    /// <param name="between">The value of every byte between the positions of a padded inner dimension, which is not the tensor's.</param>
    /// <exception cref="NotSupportedException">The halo holds zero points.</exception>
    public static void StoreWhole(Tensor source, Layout layout, Span<byte> target, byte between = 0)
    {
        target.Fill(layout.BlockAxis < 0 ? between : (byte)0);
        if (layout.Fill != HaloFill.None)
        {
            (Layout plain, long[] dims) = WithHalo(layout, source.Dims);
            Tensor halo = Tensor.Allocate(source.Type, dims);
            Fill(halo, layout.Fill);
            Store(halo, plain, target);
        }

        Store(source, layout, target);
    }

    /// <summary>The same storage seen without halo: a layout, and the extents with the halo counted in.</summary>
    public static (Layout Layout, long[] Dims) WithHalo(Layout layout, ReadOnlySpan<long> dims)
    {
        long[] extended = dims.ToArray();
        for (int axis = 0; axis < extended.Length; axis++)
        {
            extended[axis] += (layout.HaloBefore.Count == 0 ? 0 : layout.HaloBefore[axis]) + (layout.HaloAfter.Count == 0 ? 0 : layout.HaloAfter[axis]);
        }

        return (layout with { HaloBefore = [], HaloAfter = [], Fill = HaloFill.None }, extended);
    }

    /// <summary>Fills a tensor with the value of a halo.</summary>
    /// <exception cref="NotSupportedException">The value is a zero point, or the type's lowest value is not known.</exception>
    public static void Fill(Tensor tensor, HaloFill fill)
    {
        Span<byte> data = tensor.Data.Span;
        switch (fill, tensor.Type)
        {
            case (HaloFill.None or HaloFill.Zero, _): data.Clear(); break;
            case (HaloFill.Lowest, DataType.Float32): MemoryMarshal.Cast<byte, float>(data).Fill(float.NegativeInfinity); break;
            case (HaloFill.Lowest, DataType.Float64): MemoryMarshal.Cast<byte, double>(data).Fill(double.NegativeInfinity); break;
            case (HaloFill.Lowest, DataType.Float16): MemoryMarshal.Cast<byte, Half>(data).Fill(Half.NegativeInfinity); break;
            // The upper half of float32's.
            case (HaloFill.Lowest, DataType.BFloat16): MemoryMarshal.Cast<byte, ushort>(data).Fill(0xFF80); break;
            case (HaloFill.Lowest, DataType.Int8): data.Fill(0x80); break;
            case (HaloFill.Lowest, DataType.UInt8): data.Clear(); break;
            default: throw new NotSupportedException($"A halo of {fill} in {tensor.Type.Name()} has no known value.");
        }
    }

    private static int SizeOf(DataType type) =>
        type.Bits() is > 0 and var bits && bits % 8 == 0 ? bits / 8 : throw new ArgumentException($"{type.Name()} has no whole bytes.", nameof(type));

    private static void Gather<T>(ReadOnlySpan<long> dims, Layout layout, ReadOnlySpan<byte> stored, Span<byte> plain) where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(stored);
        Span<T> target = MemoryMarshal.Cast<byte, T>(plain);
        Rows rows = new(dims, layout);
        for (int at = 0; at < target.Length; at += rows.Length, rows.Next())
        {
            for (int i = 0; i < rows.Length; i++)
            {
                target[at + i] = source[rows.Place(i)];
            }
        }
    }

    private static void Scatter<T>(ReadOnlySpan<long> dims, Layout layout, ReadOnlySpan<byte> plain, Span<byte> stored) where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(plain);
        Span<T> target = MemoryMarshal.Cast<byte, T>(stored);
        Rows rows = new(dims, layout);
        for (int at = 0; at < source.Length; at += rows.Length, rows.Next())
        {
            for (int i = 0; i < rows.Length; i++)
            {
                target[rows.Place(i)] = source[at + i];
            }
        }
    }

    /// <summary>Walks the rows along the last logical axis and tells where their elements are stored.</summary>
    private ref struct Rows
    {
        private readonly ReadOnlySpan<long> _dims;
        private readonly long[] _strides;
        private readonly long[] _at;
        private readonly long _origin;
        private readonly int _blockAxis;
        private readonly int _block;
        private readonly int _stride;
        private int _start;

        public Rows(ReadOnlySpan<long> dims, Layout layout)
        {
            (_strides, _origin, long elements) = layout.Resolve(dims);
            // Every place fits an index if the last one does.
            _ = checked((int)elements);
            _dims = dims;
            _at = new long[Math.Max(1, dims.Length)];
            Length = dims.Length == 0 ? 1 : (int)dims[^1];
            (_block, _blockAxis) = (layout.Block, layout.BlockAxis);
            _stride = dims.Length == 0 ? 0 : (int)_strides[^1];
            _start = Start();
        }

        /// <summary>Elements of one row.</summary>
        public int Length { get; }

        public readonly int Place(int i) => _blockAxis == _dims.Length - 1 && _blockAxis >= 0 ? _start + (i / _block * _stride) + (i % _block) : _start + (i * _stride);

        public void Next()
        {
            for (int axis = _dims.Length - 2; axis >= 0 && ++_at[axis] == _dims[axis]; axis--)
            {
                _at[axis] = 0;
            }

            _start = Start();
        }

        private readonly int Start()
        {
            long start = _origin;
            for (int axis = 0; axis < _dims.Length - 1; axis++)
            {
                start += axis == _blockAxis ? (_at[axis] / _block * _strides[axis]) + (_at[axis] % _block) : _at[axis] * _strides[axis];
            }

            return (int)start;
        }
    }
}
