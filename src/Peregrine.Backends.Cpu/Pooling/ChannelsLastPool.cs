using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>Pools pixels whose channels lie side by side: each window in vectors over the channels. A unit is one line of outputs, or a part of its channels where there are few lines.</summary>
internal sealed unsafe class ChannelsLastPool<T, TOperation>(KernelRequest request, PoolWindow window) : ICpuKernel
    where T : unmanaged, INumber<T>
    where TOperation : struct, IPoolOperation<T>
{
    // Longer windows are summed in parts, so that errors grow with the root of their length.
    private const int Part = 32;
    private const long TileBytes = 32 << 10;
    private const int FewLines = 16;
    private const int ChannelBlock = 128;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        Plan plan = Of(arguments);
        return plan.TileCount;
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Plan plan = Of(arguments);
        PoolGeometry g = plan.Geometry;
        T* input = (T*)arguments.Input(0), output = (T*)arguments.Output(0);
        long end = Math.Min((long)tiles.End * plan.UnitsPerTile, plan.Units);
        for (long unit = (long)tiles.Begin * plan.UnitsPerTile; unit < end; unit++)
        {
            (long line, long block) = Math.DivRem(unit, plan.ChannelBlocks);
            (long batch, line) = Math.DivRem(line, g.Lines);
            (long depth, long row) = Math.DivRem(line, g.Axes[1].Output);
            long first = block * plan.ChannelsPerBlock;
            int count = (int)Math.Min(plan.ChannelsPerBlock, g.Channels - first);
            Line(g, input + (batch * g.InputBatchStride) + first, output + (batch * g.OutputBatchStride) + (depth * g.OutputStrides[0]) + (row * g.OutputStrides[1]) + first, (int)depth, (int)row, count);
        }
    }

    private static void Line(PoolGeometry g, T* input, T* output, int depth, int row, int channels)
    {
        PoolAxis d = g.Axes[0], h = g.Axes[1], w = g.Axes[2];
        Window window = new(
            d.Last(depth) - d.First(depth) + 1, h.Last(row) - h.First(row) + 1, 0,
            (nint)(g.InputStrides[0] * d.Dilation), (nint)(g.InputStrides[1] * h.Dilation), (nint)(g.InputStrides[2] * w.Dilation), g.Taps > 2 * Part);
        T* corner = input + ((d.Start(depth) + ((long)d.First(depth) * d.Dilation)) * g.InputStrides[0]) + ((h.Start(row) + ((long)h.First(row) * h.Dilation)) * g.InputStrides[1]);
        int lines = d.Count(depth) * h.Count(row);
        for (int column = 0; column < w.Output; column++)
        {
            int first = w.First(column);
            window.Columns = w.Last(column) - first + 1;
            T* target = output + (column * g.OutputStrides[2]);
            Pixel(window, corner + ((w.Start(column) + ((long)first * w.Dilation)) * g.InputStrides[2]), target, channels, lines * w.Count(column));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixel(in Window window, T* source, T* target, int channels, int count)
    {
        int width = Vector<T>.Count, channel = 0;
        for (; channel + (4 * width) <= channels; channel += 4 * width)
        {
            Four(window, source + channel, target + channel, count);
        }

        for (; channel + width <= channels; channel += width)
        {
            One(window, source + channel, target + channel, count);
        }

        if (channel < channels && channels >= width)
        {
            // The last vector overlaps the one before it.
            One(window, source + channels - width, target + channels - width, count);
            return;
        }

        for (; channel < channels; channel++)
        {
            T total = TOperation.Empty;
            for (int depth = 0; depth < window.Depths; depth++)
            {
                for (int row = 0; row < window.Rows; row++)
                {
                    T* at = source + channel + (depth * window.DepthStep) + (row * window.RowStep);
                    for (int column = 0; column < window.Columns; column += Part)
                    {
                        T sum = TOperation.Empty;
                        for (int end = Math.Min(column + Part, window.Columns), i = column; i < end; i++, at += window.ColumnStep)
                        {
                            sum = TOperation.Combine(sum, *at);
                        }

                        total = TOperation.Combine(total, sum);
                    }
                }
            }

            target[channel] = TOperation.Finish(total, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(in Window window, T* source, T* target, int count)
    {
        int width = Vector<T>.Count;
        Vector<T> empty = new(TOperation.Empty);
        Vector<T> a = empty, b = empty, c = empty, d = empty, totalA = empty, totalB = empty, totalC = empty, totalD = empty;
        nint step = window.ColumnStep;
        for (int depth = 0; depth < window.Depths; depth++)
        {
            for (int row = 0; row < window.Rows; row++)
            {
                T* at = source + (depth * window.DepthStep) + (row * window.RowStep);
                for (int column = 0; column < window.Columns;)
                {
                    for (int end = Math.Min(column + Part, window.Columns); column < end; column++, at += step)
                    {
                        a = TOperation.Combine(a, *(Vector<T>*)at);
                        b = TOperation.Combine(b, *(Vector<T>*)(at + width));
                        c = TOperation.Combine(c, *(Vector<T>*)(at + (2 * width)));
                        d = TOperation.Combine(d, *(Vector<T>*)(at + (3 * width)));
                    }

                    if (window.IsLong)
                    {
                        (totalA, totalB, totalC, totalD) = (TOperation.Combine(totalA, a), TOperation.Combine(totalB, b), TOperation.Combine(totalC, c), TOperation.Combine(totalD, d));
                        a = b = c = d = empty;
                    }
                }
            }
        }

        *(Vector<T>*)target = TOperation.Finish(TOperation.Combine(totalA, a), count);
        *(Vector<T>*)(target + width) = TOperation.Finish(TOperation.Combine(totalB, b), count);
        *(Vector<T>*)(target + (2 * width)) = TOperation.Finish(TOperation.Combine(totalC, c), count);
        *(Vector<T>*)(target + (3 * width)) = TOperation.Finish(TOperation.Combine(totalD, d), count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(in Window window, T* source, T* target, int count)
    {
        Vector<T> empty = new(TOperation.Empty), sum = empty, total = empty;
        for (int depth = 0; depth < window.Depths; depth++)
        {
            for (int row = 0; row < window.Rows; row++)
            {
                T* at = source + (depth * window.DepthStep) + (row * window.RowStep);
                for (int column = 0; column < window.Columns;)
                {
                    for (int end = Math.Min(column + Part, window.Columns); column < end; column++, at += window.ColumnStep)
                    {
                        sum = TOperation.Combine(sum, *(Vector<T>*)at);
                    }

                    if (window.IsLong)
                    {
                        total = TOperation.Combine(total, sum);
                        sum = empty;
                    }
                }
            }
        }

        *(Vector<T>*)target = TOperation.Finish(TOperation.Combine(total, sum), count);
    }

    private Plan Of(in KernelArguments arguments) => PreparedCall<Plan>.Of(arguments, [], (request, window), static (in KernelArguments a, (KernelRequest Request, PoolWindow Window) s) => new Plan(a, s.Request, s.Window));

    /// <summary>The elements under one window, and the distances between them, in elements.</summary>
    private struct Window(int depths, int rows, int columns, nint depthStep, nint rowStep, nint columnStep, bool isLong)
    {
        public int Depths { get; } = depths;

        public int Rows { get; } = rows;

        public int Columns { get; set; } = columns;

        public nint DepthStep { get; } = depthStep;

        public nint RowStep { get; } = rowStep;

        public nint ColumnStep { get; } = columnStep;

        public bool IsLong { get; } = isLong;
    }

    private sealed class Plan
    {
        public Plan(in KernelArguments arguments, KernelRequest request, PoolWindow window)
        {
            ReadOnlySpan<long> outputDims = arguments.OutputDims(0);
            StoredTensor input = StoredTensor.Of(arguments.InputDims(0), request.Inputs[0].Layout), output = StoredTensor.Of(outputDims, request.Outputs[0].Layout);
            if (input.Capacity == 0 || output.Capacity == 0 || Tensors.Tensor.CountElements(outputDims) == 0)
            {
                Geometry = null!;
                return;
            }

            Geometry = new(window, input.Dims, input.Strides, output.Dims, output.Strides);
            long lines = (long)Geometry.Batch * Geometry.Lines;
            ChannelsPerBlock = lines >= FewLines ? Geometry.Channels : ChannelBlock;
            ChannelBlocks = (Geometry.Channels + ChannelsPerBlock - 1) / ChannelsPerBlock;
            Units = lines * ChannelBlocks;
            long bytes = Math.Min(Geometry.Taps, Geometry.Axes[1].Stride * 2L) * Geometry.Axes[2].Input * Math.Min(ChannelsPerBlock, Geometry.Channels) * sizeof(T);
            UnitsPerTile = Math.Max(1, TileBytes / Math.Max(1, bytes));
            TileCount = (int)((Units + UnitsPerTile - 1) / UnitsPerTile);
        }

        public PoolGeometry Geometry { get; }

        public int ChannelsPerBlock { get; }

        public int ChannelBlocks { get; }

        public long Units { get; }

        public long UnitsPerTile { get; }

        public int TileCount { get; }
    }
}
