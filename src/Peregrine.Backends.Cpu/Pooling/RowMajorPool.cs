using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>
/// Pools planes. The lines under a line of windows are combined into one line first, with padding at both ends; then its elements under each window. Both steps work in vectors along the
/// line; with a stride all positions are combined and every so many are kept.
/// </summary>
internal sealed unsafe class RowMajorPool<T, TOperation>(PoolWindow window) : ICpuKernel
    where T : unmanaged, INumber<T>
    where TOperation : struct, IPoolOperation<T>
{
    private const int Outputs = 256;
    private const long TileBytes = 32 << 10;

    // Elements of one combined line; the vectors that combine it may read beyond its last element.
    private readonly int _span = (int)((((Outputs - 1) * window.Inner.Stride) + ((window.Inner.Kernel - 1) * window.Inner.Dilation) + 1 + (2 * Vector<T>.Count) + 15) & -16);

    public long WorkerScratchBytes => 2L * _span * sizeof(T);

    /// <summary>Whether windows of this size can be served: the combined line must fit into the cache.</summary>
    public static bool IsSmall(PoolWindow window) => (window.Inner.Kernel * window.Inner.Dilation) + (Outputs * window.Inner.Stride) <= 1 << 16;

    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Plan plan = Of(arguments);
        PoolGeometry g = plan.Geometry;
        T* input = (T*)arguments.Input(0), output = (T*)arguments.Output(0), scratch = (T*)arguments.WorkerScratch;
        long end = Math.Min((long)tiles.End * plan.UnitsPerTile, plan.Units);
        for (long unit = (long)tiles.Begin * plan.UnitsPerTile; unit < end; unit++)
        {
            (long plane, long line) = Math.DivRem(unit, g.Lines);
            T* source = input + (plane * plan.InputVolume), target = output + (plane * plan.OutputVolume) + (line * g.Axes[2].Output);
            if (g.IsGlobal)
            {
                *target = TOperation.Finish(Reduce(source, g.Axes[2].Input), g.Axes[2].Input);
                continue;
            }

            for (int first = 0; first < g.Axes[2].Output; first += Outputs)
            {
                Line(g, source, target, (int)line, first, Math.Min(Outputs, g.Axes[2].Output - first), scratch);
            }
        }
    }

    /// <summary>Outputs [first, first + count) of a line of one plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Line(PoolGeometry g, T* source, T* target, int line, int first, int count, T* combined)
    {
        PoolAxis d = g.Axes[0], h = g.Axes[1], w = g.Axes[2];
        (int depth, int row) = Math.DivRem(line, h.Output);
        int start = w.Start(first), span = ((count - 1) * w.Stride) + ((w.Kernel - 1) * w.Dilation) + 1;
        int before = Math.Clamp(-start, 0, span), inside = Math.Clamp(w.Input - Math.Max(start, 0), 0, span - before);
        new Span<T>(combined, before).Fill(TOperation.Empty);
        new Span<T>(combined + before + inside, span - before - inside + (2 * Vector<T>.Count)).Fill(TOperation.Empty);
        if (inside > 0)
        {
            T* corner = source + ((d.Start(depth) + ((long)d.First(depth) * d.Dilation)) * g.InputStrides[0]) + ((h.Start(row) + ((long)h.First(row) * h.Dilation)) * g.InputStrides[1]) + Math.Max(start, 0);
            Lines(corner, combined + before, inside, d.Last(depth) - d.First(depth) + 1, (nint)(g.InputStrides[0] * d.Dilation), h.Last(row) - h.First(row) + 1, (nint)(g.InputStrides[1] * h.Dilation));
        }

        int lines = d.Count(depth) * h.Count(row), width = Vector<T>.Count;
        if (w.Dilation == 1 && (long)span * w.Kernel > (long)count * (w.Kernel + (8 * width)))
        {
            for (int i = 0; i < count; i++)
            {
                target[first + i] = TOperation.Finish(Reduce(combined + ((long)i * w.Stride), w.Kernel), lines * w.Count(first + i));
            }

            return;
        }

        // All positions first; those between the windows of a stride are dropped.
        T* every = w.Stride == 1 && count >= width ? target + first : combined + _span;
        int positions = ((count - 1) * w.Stride) + 1;
        for (int i = 0; i < positions; i += width)
        {
            // In the caller's memory the last vector overlaps the one before it; scratch has room behind its end.
            int at = every == combined + _span ? i : Math.Min(i, positions - width);
            Vector<T> sum = *(Vector<T>*)(combined + at);
            for (int tap = 1; tap < w.Kernel; tap++)
            {
                sum = TOperation.Combine(sum, *(Vector<T>*)(combined + at + (tap * w.Dilation)));
            }

            *(Vector<T>*)(every + at) = sum;
        }

        for (int i = 0; i < count; i++)
        {
            target[first + i] = TOperation.Finish(every[i * w.Stride], lines * w.Count(first + i));
        }
    }

    /// <summary>Combines lines of so many elements, element by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Lines(T* source, T* target, int count, int depths, nint depthStep, int rows, nint rowStep)
    {
        int width = Vector<T>.Count, i = 0;
        if (count >= width)
        {
            for (; i < count; i += width)
            {
                int at = Math.Min(i, count - width);
                Vector<T> sum = new(TOperation.Empty);
                for (int depth = 0; depth < depths; depth++)
                {
                    T* from = source + at + (depth * depthStep);
                    for (int row = 0; row < rows; row++, from += rowStep)
                    {
                        sum = TOperation.Combine(sum, *(Vector<T>*)from);
                    }
                }

                *(Vector<T>*)(target + at) = sum;
            }

            return;
        }

        for (; i < count; i++)
        {
            T sum = TOperation.Empty;
            for (int depth = 0; depth < depths; depth++)
            {
                T* from = source + i + (depth * depthStep);
                for (int row = 0; row < rows; row++, from += rowStep)
                {
                    sum = TOperation.Combine(sum, *from);
                }
            }

            target[i] = sum;
        }
    }

    /// <summary>Combines contiguous elements, in four vectors and in parts of limited length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Reduce(T* source, int count)
    {
        int width = Vector<T>.Count, i = 0;
        Vector<T> empty = new(TOperation.Empty), total = empty;
        T rest = TOperation.Empty;
        while (i + (4 * width) <= count)
        {
            Vector<T> a = empty, b = empty, c = empty, d = empty;
            for (int end = Math.Min(count, i + (256 * width)); i + (4 * width) <= end; i += 4 * width)
            {
                a = TOperation.Combine(a, *(Vector<T>*)(source + i));
                b = TOperation.Combine(b, *(Vector<T>*)(source + i + width));
                c = TOperation.Combine(c, *(Vector<T>*)(source + i + (2 * width)));
                d = TOperation.Combine(d, *(Vector<T>*)(source + i + (3 * width)));
            }

            total = TOperation.Combine(total, TOperation.Combine(TOperation.Combine(a, b), TOperation.Combine(c, d)));
        }

        for (; i + width <= count; i += width)
        {
            total = TOperation.Combine(total, *(Vector<T>*)(source + i));
        }

        for (; i < count; i++)
        {
            rest = TOperation.Combine(rest, source[i]);
        }

        for (int lane = 0; lane < width; lane++)
        {
            rest = TOperation.Combine(rest, total[lane]);
        }

        return rest;
    }

    private Plan Of(in KernelArguments arguments) => PreparedCall<Plan>.Of(arguments, [], window, static (in KernelArguments a, PoolWindow w) => new Plan(a, w));

    private sealed class Plan
    {
        public Plan(in KernelArguments arguments, PoolWindow window)
        {
            StoredTensor input = StoredTensor.Of(arguments.InputDims(0), Layout.RowMajor), output = StoredTensor.Of(arguments.OutputDims(0), Layout.RowMajor);
            if (input.Capacity == 0 || output.Capacity == 0)
            {
                Geometry = null!;
                return;
            }

            Geometry = new(window, input.Dims, input.Strides, output.Dims, output.Strides);
            InputVolume = Tensor.CountElements(input.Dims.AsSpan(2));
            OutputVolume = Tensor.CountElements(output.Dims.AsSpan(2));
            Units = (long)Geometry.Batch * Geometry.Channels * Geometry.Lines;
            UnitsPerTile = Math.Max(1, TileBytes * Geometry.Lines / Math.Max(1, (InputVolume + OutputVolume) * sizeof(T)));
            TileCount = (int)((Units + UnitsPerTile - 1) / UnitsPerTile);
        }

        public PoolGeometry Geometry { get; }

        public long InputVolume { get; }

        public long OutputVolume { get; }

        public long Units { get; }

        public long UnitsPerTile { get; }

        public int TileCount { get; }
    }
}
