using System.Numerics;
using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>
/// A <see cref="WindowGeometry"/> in numbers, with the index walks that convolution and pooling share. Spatial positions are flat, row-major; one channel is one plane.
/// </summary>
internal sealed class WindowKernel
{
    private readonly long[] _input, _kernel, _stride, _dilation, _pad, _padEnd, _output;
    private readonly int[] _inputStride;

    private WindowKernel(WindowGeometry geometry)
    {
        _input = Numbers(geometry, a => a.Input);
        _kernel = Numbers(geometry, a => a.Kernel);
        _stride = Numbers(geometry, a => a.Stride);
        _dilation = Numbers(geometry, a => a.Dilation);
        _pad = Numbers(geometry, a => a.PadBegin);
        _padEnd = Numbers(geometry, a => a.PadEnd);
        _output = Numbers(geometry, a => a.Output);
        InputVolume = (int)Tensors.Tensor.CountElements(_input);
        OutputVolume = (int)Tensors.Tensor.CountElements(_output);
        KernelVolume = Tensors.Tensor.CountElements(_kernel);
        IsPointwise = geometry.IsPointwise;
        MaxTaps = 1;
        _inputStride = new int[Rank];
        for (int axis = Rank - 1, stride = 1; axis >= 0; axis--)
        {
            _inputStride[axis] = stride;
            stride *= (int)_input[axis];
            MaxTaps *= (int)Math.Min(_input[axis], _kernel[axis]);
        }
    }

    public int Rank => _input.Length;

    public int InputVolume { get; }

    public int OutputVolume { get; }

    public long KernelVolume { get; }

    /// <summary>The most input elements that one window can cover.</summary>
    public int MaxTaps { get; }

    public bool IsPointwise { get; }

    public ReadOnlySpan<long> Input => _input;

    public ReadOnlySpan<long> Kernel => _kernel;

    public ReadOnlySpan<long> Output => _output;

    public ReadOnlySpan<int> InputStrides => _inputStride;

    /// <summary>The kernel for static extents. The scope's state keeps it, so that calls with equal shapes allocate nothing.</summary>
    public static WindowKernel Of<TOwner>(EvaluationScope c, ReadOnlySpan<long> input, ReadOnlySpan<long> kernel, TOwner owner, Func<TOwner, Dim[], Dim[], WindowGeometry> resolve)
    {
        if (c.State is Prepared prepared && prepared.InputDims.AsSpan().SequenceEqual(input) && prepared.KernelDims.AsSpan().SequenceEqual(kernel))
        {
            return prepared.Window;
        }

        WindowKernel window = new(resolve(owner, [.. input.ToArray().Select(d => (Dim)d)], [.. kernel.ToArray().Select(d => (Dim)d)]));
        c.State = new Prepared(input.ToArray(), kernel.ToArray(), window);
        return window;
    }

    /// <summary>The input position under kernel element <paramref name="tap"/> on <paramref name="axis"/> for window <paramref name="output"/>; it may lie in the padding.</summary>
    public long Position(int axis, long output, long tap) => (output * _stride[axis]) - _pad[axis] + (tap * _dilation[axis]);

    /// <summary>The coordinates of flat output position <paramref name="position"/>.</summary>
    public void Coordinates(int position, Span<long> coordinates)
    {
        for (int axis = Rank - 1; axis >= 0; axis--)
        {
            (position, int coordinate) = Math.DivRem(position, (int)_output[axis]);
            coordinates[axis] = coordinate;
        }
    }

    /// <summary>Writes the flat input positions that window <paramref name="position"/> covers, in row-major order, padding left out; returns their number.</summary>
    /// <param name="taps">Room for <see cref="MaxTaps"/>.</param>
    /// <param name="covered">Elements of the window that lie on the input or on its padding (not beyond the padding's end).</param>
    public int Taps(int position, Span<int> taps, out long covered)
    {
        Span<long> coordinates = stackalloc long[Rank];
        Span<long> first = stackalloc long[Rank], last = stackalloc long[Rank];
        Coordinates(position, coordinates);
        covered = 1;
        int count = 1;
        for (int axis = 0; axis < Rank; axis++)
        {
            long start = Position(axis, coordinates[axis], 0);
            covered *= Math.Clamp(Dim.FloorDiv(_input[axis] + _padEnd[axis] - 1 - start, _dilation[axis]) + 1, 0, _kernel[axis]);
            first[axis] = start >= 0 ? 0 : -Dim.FloorDiv(start, _dilation[axis]);
            last[axis] = Math.Min(_kernel[axis] - 1, Dim.FloorDiv(_input[axis] - 1 - start, _dilation[axis]));
            count *= (int)Math.Max(0, last[axis] - first[axis] + 1);
        }

        if (count == 0)
        {
            return 0;
        }

        Span<long> tap = stackalloc long[Rank];
        first.CopyTo(tap);
        for (int i = 0; i < count; i++)
        {
            long flat = 0;
            for (int axis = 0; axis < Rank; axis++)
            {
                flat += Position(axis, coordinates[axis], tap[axis]) * _inputStride[axis];
            }

            taps[i] = (int)flat;
            for (int axis = Rank - 1; axis >= 0 && ++tap[axis] > last[axis]; axis--)
            {
                tap[axis] = first[axis];
            }
        }

        return count;
    }

    /// <summary>
    /// im2col: row (channel, kernel element), column (window) of <paramref name="columns"/> becomes the input element there, zero for padding; for
    /// <paramref name="count"/> windows from <paramref name="firstWindow"/> on.
    /// </summary>
    public void Unfold<T>(ReadOnlySpan<T> planes, int channels, int firstWindow, int count, Span<T> columns) where T : unmanaged
    {
        Span<long> tap = stackalloc long[Rank];
        for (int channel = 0, row = 0; channel < channels; channel++)
        {
            ReadOnlySpan<T> plane = planes.Slice(channel * InputVolume, InputVolume);
            tap.Clear();
            for (long k = 0; k < KernelVolume; k++, row++)
            {
                UnfoldRow(plane, tap, firstWindow, columns.Slice(row * count, count));
                Next(tap, _kernel);
            }
        }
    }

    /// <summary>col2im: adds what <see cref="Unfold"/> would have read to the planes where it would have read it.</summary>
    public void Fold<T>(ReadOnlySpan<T> columns, int channels, int firstWindow, int count, Span<T> planes) where T : unmanaged, INumber<T>
    {
        Span<long> tap = stackalloc long[Rank];
        for (int channel = 0, row = 0; channel < channels; channel++)
        {
            Span<T> plane = planes.Slice(channel * InputVolume, InputVolume);
            tap.Clear();
            for (long k = 0; k < KernelVolume; k++, row++)
            {
                FoldRow(columns.Slice(row * count, count), tap, firstWindow, plane);
                Next(tap, _kernel);
            }
        }
    }

    private static void Next(Span<long> counters, ReadOnlySpan<long> extents)
    {
        for (int axis = counters.Length - 1; axis >= 0 && ++counters[axis] >= extents[axis]; axis--)
        {
            counters[axis] = 0;
        }
    }

    private void UnfoldRow<T>(ReadOnlySpan<T> plane, ReadOnlySpan<long> tap, int firstWindow, Span<T> row) where T : unmanaged
    {
        int width = (int)_output[^1], stride = (int)Math.Min(_stride[^1], int.MaxValue);
        for (int done = 0; done < row.Length;)
        {
            (int line, int from) = Math.DivRem(firstWindow + done, width);
            Span<T> segment = row.Slice(done, Math.Min(width - from, row.Length - done));
            done += segment.Length;
            (int lo, int hi) = InsideRange(tap[^1], from, segment.Length);
            if (!TryLineStart(line, tap, out int start) || lo >= hi)
            {
                segment.Clear();
                continue;
            }

            segment[..lo].Clear();
            segment[hi..].Clear();
            int source = start + (int)Position(Rank - 1, from + lo, tap[^1]);
            if (stride == 1)
            {
                plane.Slice(source, hi - lo).CopyTo(segment[lo..]);
                continue;
            }

            for (int i = lo; i < hi; i++, source += stride)
            {
                segment[i] = plane[source];
            }
        }
    }

    private void FoldRow<T>(ReadOnlySpan<T> row, ReadOnlySpan<long> tap, int firstWindow, Span<T> plane) where T : unmanaged, INumber<T>
    {
        int width = (int)_output[^1], stride = (int)Math.Min(_stride[^1], int.MaxValue);
        for (int done = 0; done < row.Length;)
        {
            (int line, int from) = Math.DivRem(firstWindow + done, width);
            ReadOnlySpan<T> segment = row.Slice(done, Math.Min(width - from, row.Length - done));
            done += segment.Length;
            (int lo, int hi) = InsideRange(tap[^1], from, segment.Length);
            if (!TryLineStart(line, tap, out int start) || lo >= hi)
            {
                continue;
            }

            int target = start + (int)Position(Rank - 1, from + lo, tap[^1]);
            for (int i = lo; i < hi; i++, target += stride)
            {
                plane[target] += segment[i];
            }
        }
    }

    /// <summary>Which of <paramref name="length"/> windows from <paramref name="from"/> on (along the last axis) have this kernel element inside the input, as a range from 0.</summary>
    private (int Lo, int Hi) InsideRange(long tap, int from, int length)
    {
        long before = _pad[^1] - (tap * _dilation[^1]);
        long lo = -Dim.FloorDiv(-before, _stride[^1]) - from, hi = -Dim.FloorDiv(-(before + _input[^1]), _stride[^1]) - from;
        return ((int)Math.Clamp(lo, 0, length), (int)Math.Clamp(hi, 0, length));
    }

    /// <summary>Where the input line starts that the windows of output line <paramref name="line"/> touch with this kernel element; false if that line is padding.</summary>
    private bool TryLineStart(int line, ReadOnlySpan<long> tap, out int start)
    {
        long flat = 0;
        for (int axis = Rank - 2; axis >= 0; axis--)
        {
            (line, int coordinate) = Math.DivRem(line, (int)_output[axis]);
            long position = Position(axis, coordinate, tap[axis]);
            if (position < 0 || position >= _input[axis])
            {
                start = 0;
                return false;
            }

            flat += position * _inputStride[axis];
        }

        start = (int)flat;
        return true;
    }

    private static long[] Numbers(WindowGeometry geometry, Func<WindowAxis, Dim> select) => [.. geometry.Axes.Select(a => select(a).Constant)];

    private sealed class Prepared(long[] inputDims, long[] kernelDims, WindowKernel window)
    {
        public long[] InputDims { get; } = inputDims;

        public long[] KernelDims { get; } = kernelDims;

        public WindowKernel Window { get; } = window;
    }
}
