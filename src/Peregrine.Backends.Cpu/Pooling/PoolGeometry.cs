using Peregrine.Operators;
using Peregrine.Symbolics;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>What a pool does, apart from the extents of its input.</summary>
/// <param name="Sliding">The operator, or null for a window that covers each channel.</param>
/// <param name="CountsPadding">Whether a mean divides by the elements of the padding, too.</param>
internal sealed record PoolWindow(SlidingPool? Sliding, bool CountsPadding)
{
    /// <summary>Extent, stride and dilation of the window along the innermost axis; for a global pool none.</summary>
    public (long Kernel, long Stride, long Dilation) Inner => Sliding is null
        ? (1, 1, 1)
        : (Sliding.KernelShape[^1], Sliding.Window.StrideOf(Sliding.KernelShape.Count - 1), Sliding.Window.DilationOf(Sliding.KernelShape.Count - 1));
}

/// <summary>The windows along one spatial axis: per output position the elements that it covers.</summary>
internal sealed class PoolAxis
{
    private readonly int[] _starts;
    private readonly int[] _firsts;
    private readonly int[] _lasts;
    private readonly int[] _counts;

    public PoolAxis(long input, long kernel, long stride, long dilation, long padBegin, long padEnd, long output, bool countsPadding)
    {
        (Input, Kernel, Stride, Dilation, Output) = ((int)input, (int)kernel, (int)stride, (int)dilation, (int)output);
        PadBegin = (int)padBegin;
        _starts = new int[output];
        _firsts = new int[output];
        _lasts = new int[output];
        _counts = new int[output];
        for (int i = 0; i < output; i++)
        {
            long start = (i * stride) - padBegin;
            long first = start >= 0 ? 0 : -Floor(start, dilation), last = Math.Min(kernel - 1, Floor(input - 1 - start, dilation));
            _starts[i] = (int)start;
            _firsts[i] = (int)Math.Min(first, kernel);
            _lasts[i] = (int)last;
            _counts[i] = countsPadding ? (int)Math.Clamp(Floor(input + padEnd - 1 - start, dilation) + 1, 0, kernel) : (int)Math.Max(0, last - first + 1);
        }
    }

    public int Input { get; }

    public int Kernel { get; }

    public int Stride { get; }

    public int Dilation { get; }

    public int PadBegin { get; }

    public int Output { get; }

    /// <summary>The input position under the window's first element; it may lie in the padding.</summary>
    public int Start(int output) => _starts[output];

    /// <summary>The first window element inside the input.</summary>
    public int First(int output) => _firsts[output];

    /// <summary>The last window element inside the input; less than <see cref="First"/> if there is none.</summary>
    public int Last(int output) => _lasts[output];

    /// <summary>What a mean divides by, as far as this axis goes.</summary>
    public int Count(int output) => _counts[output];

    private static long Floor(long value, long divisor) => (value >= 0 ? value : value - divisor + 1) / divisor;
}

/// <summary>A pool on certain extents: three spatial axes (missing outer ones have extent 1), and the strides, in elements, of both operands [batch, channels, spatial…].</summary>
internal sealed class PoolGeometry
{
    public PoolGeometry(PoolWindow window, ReadOnlySpan<long> inputDims, ReadOnlySpan<long> inputStrides, ReadOnlySpan<long> outputDims, ReadOnlySpan<long> outputStrides)
    {
        Batch = (int)inputDims[0];
        Channels = (int)inputDims[1];
        (InputBatchStride, InputChannelStride) = (inputStrides[0], inputStrides[1]);
        (OutputBatchStride, OutputChannelStride) = (outputStrides[0], outputStrides[1]);
        Axes = new PoolAxis[3];
        InputStrides = new long[3];
        OutputStrides = new long[3];
        Array.Fill(Axes, new(1, 1, 1, 1, 0, 0, 1, false));
        int rank = inputDims.Length - 2;
        WindowAxis[] axes = window.Sliding is { } sliding ? [.. sliding.Resolve([.. inputDims[2..].ToArray().Select(d => (Dim)d)]).Axes] : [.. inputDims[2..].ToArray().Select(d => new WindowAxis(d, d, 1, 1, 0, 0, 1))];
        IsGlobal = axes.All(a => a.Kernel == a.Input && a.PadBegin == Dim.Zero && a.Output == Dim.One);
        if (IsGlobal)
        {
            // The whole plane is one line: its pixels follow each other in both layouts.
            long volume = Tensors.Tensor.CountElements(inputDims[2..]);
            Axes[2] = new(volume, volume, 1, 1, 0, 0, 1, false);
            InputStrides[2] = inputStrides[^1];
            return;
        }

        for (int i = 0; i < rank; i++)
        {
            WindowAxis a = axes[i];
            Axes[3 - rank + i] = new(a.Input.Constant, a.Kernel.Constant, a.Stride, a.Dilation, a.PadBegin.Constant, a.PadEnd.Constant, a.Output.Constant, window.CountsPadding);
            InputStrides[3 - rank + i] = inputStrides[2 + i];
            OutputStrides[3 - rank + i] = outputStrides[2 + i];
        }
    }

    public int Batch { get; }

    public int Channels { get; }

    public PoolAxis[] Axes { get; }

    /// <summary>One window covers all: the only axis is the last.</summary>
    public bool IsGlobal { get; }

    public long InputBatchStride { get; }

    public long InputChannelStride { get; }

    public long[] InputStrides { get; }

    public long OutputBatchStride { get; }

    public long OutputChannelStride { get; }

    public long[] OutputStrides { get; }

    /// <summary>Output lines of one channel.</summary>
    public int Lines => Axes[0].Output * Axes[1].Output;

    /// <summary>Elements of one window.</summary>
    public long Taps => (long)Axes[0].Kernel * Axes[1].Kernel * Axes[2].Kernel;
}
