using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Resizing;

/// <summary>Weighs the input lines around each output line in vectors, into scratch, then the neighbours within that line.</summary>
internal sealed unsafe class RowMajorInterpolation(KernelRequest request, Resize resize) : ICpuKernel
{
    private const long TileBytes = 32 << 10;

    // Elements of an input line that are weighed at a time.
    private const int Span = 8192;
    private const int MostLines = 1 << 12;

    public long WorkerScratchBytes => (Span * sizeof(float)) + (MostLines * (sizeof(long) + sizeof(float)));

    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Plan plan = Of(arguments);
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0), combined = (float*)arguments.WorkerScratch;
        long* offsets = (long*)(combined + Span);
        float* weights = (float*)(offsets + MostLines);
        long end = Math.Min((long)tiles.End * plan.LinesPerTile, plan.Lines);
        for (long line = (long)tiles.Begin * plan.LinesPerTile; line < end; line++)
        {
            int count = 1;
            (offsets[0], weights[0]) = (0, 1);
            long rest = line;
            for (int i = plan.Outer.Length - 1; i >= 0; i--)
            {
                Axis axis = plan.Outer[i];
                (rest, long at) = Math.DivRem(rest, axis.Extent);
                count = Spread(axis, (int)at * axis.Taps, offsets, weights, count);
            }

            foreach ((int first, int last, int low, int high) in plan.Chunks)
            {
                Combine(input + low, offsets, weights, count, combined, high - low);
                Pick(plan.Inner, first, last, combined - low, output + (line * plan.Inner.Extent));
            }
        }
    }

    private static int Spread(Axis axis, int first, long* offsets, float* weights, int count)
    {
        int next = count;
        for (int tap = axis.Taps - 1; tap >= 0; tap--)
        {
            // The first neighbour takes the place of the old ones, so it comes last.
            int start = tap == 0 ? 0 : next;
            long offset = axis.Indices[first + tap] * axis.SourceStride;
            for (int i = 0; i < count; i++)
            {
                offsets[start + i] = offsets[i] + offset;
                weights[start + i] = weights[i] * axis.Weights[first + tap];
            }

            next += tap == 0 ? 0 : count;
        }

        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(float* source, long* offsets, float* weights, int count, float* target, int length)
    {
        int width = Vector<float>.Count, i = 0;
        while (i + width <= length || (i < length && length >= width))
        {
            // The last vector may overlap the one before it.
            i = Math.Min(i, length - width);
            Vector<float> sum = Vector<float>.Zero;
            for (int line = 0; line < count; line++)
            {
                if (weights[line] != 0)
                {
                    sum += new Vector<float>(weights[line]) * *(Vector<float>*)(source + offsets[line] + i);
                }
            }

            *(Vector<float>*)(target + i) = sum;
            i += width;
        }

        for (; i < length; i++)
        {
            float sum = 0;
            for (int line = 0; line < count; line++)
            {
                sum += weights[line] == 0 ? 0 : weights[line] * source[offsets[line] + i];
            }

            target[i] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pick(Axis axis, int first, int last, float* line, float* target)
    {
        int[] indices = axis.Indices;
        float[] weights = axis.Weights;
        int taps = axis.Taps;
        if (taps == 1)
        {
            new Span<float>(line + first, last - first).CopyTo(new(target + first, last - first));
            return;
        }

        int x = first;
        if (taps == 2 && Avx2.IsSupported)
        {
            fixed (int* left = axis.Left, right = axis.Right)
            fixed (float* leftWeights = axis.LeftWeights, rightWeights = axis.RightWeights)
            {
                for (; x + 8 <= last; x += 8)
                {
                    (Weighted(line, left + x, leftWeights + x) + Weighted(line, right + x, rightWeights + x)).Store(target + x);
                }
            }
        }

        for (; x < last; x++)
        {
            float sum = 0;
            for (int tap = x * taps; tap < (x + 1) * taps; tap++)
            {
                // A neighbour without weight may be infinite.
                sum += weights[tap] == 0 ? 0 : weights[tap] * line[indices[tap]];
            }

            target[x] = sum;
        }
    }

    /// <summary>Eight neighbours by their weights; one without weight may be infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Weighted(float* line, int* indices, float* weights)
    {
        Vector256<float> weight = Vector256.Load(weights), product = weight * Avx2.GatherVector256(line, Vector256.Load(indices), sizeof(float));
        return Vector256.AndNot(product, Vector256.Equals(weight, Vector256<float>.Zero));
    }

    private Plan Of(in KernelArguments arguments) =>
        PreparedCall<Plan>.Of(arguments, ResizeAxes.Steering, (request, resize), static (in KernelArguments a, (KernelRequest Request, Resize Resize) s) => new Plan(a, s.Request, s.Resize));

    private sealed record Axis(int Taps, int[] Indices, float[] Weights, int Extent, long SourceStride)
    {
        /// <summary>The first neighbour of each position, and its weight.</summary>
        public int[] Left { get; } = Every(Indices, Taps, 0);

        public float[] LeftWeights { get; } = Every(Weights, Taps, 0);

        /// <summary>The last neighbour of each position, and its weight.</summary>
        public int[] Right { get; } = Every(Indices, Taps, Taps - 1);

        public float[] RightWeights { get; } = Every(Weights, Taps, Taps - 1);

        private static T[] Every<T>(T[] all, int step, int first) => [.. Enumerable.Range(0, all.Length / step).Select(i => all[(i * step) + first])];
    }

    private sealed class Plan
    {
        public Plan(in KernelArguments arguments, KernelRequest request, Resize resize)
        {
            StoredTensor source = StoredTensor.Of(arguments.InputDims(0), request.Inputs[0].Layout), target = StoredTensor.Of(arguments.OutputDims(0), request.Outputs[0].Layout);
            ResizeAxis?[] axes = ResizeAxes.Of(arguments, resize);
            Outer = [];
            Inner = new(1, [0], [1], 1, 1);
            if (target.Dims.Contains(0))
            {
                Chunks = [];
                return;
            }

            List<Axis> found = [];
            for (int i = 0; i < target.Dims.Length; i++)
            {
                (int taps, int[] indices, float[] weights) = ResizeAxes.Neighbours(axes[i], resize, target.Dims[i]);
                found.Add(new(taps, indices, weights, (int)target.Dims[i], source.Strides[i]));
            }

            if (found.Count > 0)
            {
                Inner = found[^1];
                found.RemoveAt(found.Count - 1);
            }

            Outer = [.. found];
            Chunks = [.. Cut(Inner)];
            Lines = Outer.Aggregate(1L, (product, axis) => product * axis.Extent);
            LinesPerTile = Math.Max(Math.Max(1, TileBytes / (Inner.Extent * sizeof(float))), Lines >> 20);
            TileCount = (int)((Lines + LinesPerTile - 1) / LinesPerTile);
        }

        public Axis[] Outer { get; }

        public Axis Inner { get; }

        /// <summary>Outputs [First, Last) of a line need the inputs [Low, High).</summary>
        public (int First, int Last, int Low, int High)[] Chunks { get; }

        public long Lines { get; }

        public long LinesPerTile { get; }

        public int TileCount { get; }

        private static IEnumerable<(int First, int Last, int Low, int High)> Cut(Axis axis)
        {
            int first = 0, low = int.MaxValue, high = 0;
            for (int x = 0; x < axis.Extent; x++)
            {
                (int from, int to) = (axis.Indices.AsSpan(x * axis.Taps, axis.Taps).ToArray().Min(), axis.Indices.AsSpan(x * axis.Taps, axis.Taps).ToArray().Max() + 1);
                if (x > first && Math.Max(high, to) - Math.Min(low, from) > Span)
                {
                    yield return (first, x, low, high);
                    (first, low, high) = (x, int.MaxValue, 0);
                }

                (low, high) = (Math.Min(low, from), Math.Max(high, to));
            }

            yield return (first, axis.Extent, low, high);
        }
    }
}
