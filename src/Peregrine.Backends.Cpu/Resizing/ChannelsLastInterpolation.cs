using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Resizing;

/// <summary>Weighs the neighbours of each output pixel, all channels at once. An output pixel has up to four neighbours along batch and each spatial axis.</summary>
internal sealed unsafe class ChannelsLastInterpolation(KernelRequest request, Resize resize) : ICpuKernel
{
    private const long TileBytes = 32 << 10;
    private const int MostNeighbours = 256;

    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Plan plan = Of(arguments);
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0);
        float** neighbours = stackalloc float*[MostNeighbours];
        float* weights = stackalloc float[MostNeighbours];
        long end = Math.Min((long)tiles.End * plan.PixelsPerTile, plan.Pixels);
        for (long pixel = (long)tiles.Begin * plan.PixelsPerTile; pixel < end; pixel++)
        {
            float* target = output;
            int count = 1;
            neighbours[0] = input;
            weights[0] = 1;
            long rest = pixel;
            for (int i = plan.Axes.Length - 1; i >= 0; i--)
            {
                Axis axis = plan.Axes[i];
                (rest, long at) = Math.DivRem(rest, axis.Extent);
                target += at * axis.TargetStride;
                count = Spread(axis, (int)at * axis.Taps, neighbours, weights, count);
            }

            Weigh(neighbours, weights, count, target, plan.Channels);
        }
    }

    /// <summary>Replaces each neighbour so far by its neighbours along one more axis; those without weight are left out.</summary>
    private static int Spread(Axis axis, int first, float** neighbours, float* weights, int count)
    {
        if (axis.Taps == 1)
        {
            long offset = axis.Indices[first] * axis.SourceStride;
            for (int i = 0; i < count; i++)
            {
                neighbours[i] += offset;
            }

            return count;
        }

        float** old = stackalloc float*[count];
        float* oldWeights = stackalloc float[count];
        new Span<nint>(neighbours, count).CopyTo(new Span<nint>(old, count));
        new Span<float>(weights, count).CopyTo(new Span<float>(oldWeights, count));
        int next = 0;
        for (int tap = first; tap < first + axis.Taps; tap++)
        {
            if (axis.Weights[tap] == 0)
            {
                continue;
            }

            long offset = axis.Indices[tap] * axis.SourceStride;
            for (int i = 0; i < count; i++)
            {
                neighbours[next] = old[i] + offset;
                weights[next++] = oldWeights[i] * axis.Weights[tap];
            }
        }

        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(float** neighbours, float* weights, int count, float* target, int channels)
    {
        int width = Vector<float>.Count, channel = 0;
        for (; channel + (2 * width) <= channels; channel += 2 * width)
        {
            Vector<float> a = Vector<float>.Zero, b = Vector<float>.Zero;
            for (int i = 0; i < count; i++)
            {
                Vector<float> weight = new(weights[i]);
                float* at = neighbours[i] + channel;
                a += weight * *(Vector<float>*)at;
                b += weight * *(Vector<float>*)(at + width);
            }

            *(Vector<float>*)(target + channel) = a;
            *(Vector<float>*)(target + channel + width) = b;
        }

        while (channel + width <= channels || (channel < channels && channels >= width))
        {
            // The last vector may overlap the one before it.
            channel = Math.Min(channel, channels - width);
            Vector<float> a = Vector<float>.Zero;
            for (int i = 0; i < count; i++)
            {
                a += new Vector<float>(weights[i]) * *(Vector<float>*)(neighbours[i] + channel);
            }

            *(Vector<float>*)(target + channel) = a;
            channel += width;
        }

        for (; channel < channels; channel++)
        {
            float sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += weights[i] * neighbours[i][channel];
            }

            target[channel] = sum;
        }
    }

    private Plan Of(in KernelArguments arguments) =>
        PreparedCall<Plan>.Of(arguments, ResizeAxes.Steering, (request, resize), static (in KernelArguments a, (KernelRequest Request, Resize Resize) s) => new Plan(a, s.Request, s.Resize));

    private sealed record Axis(int Taps, int[] Indices, float[] Weights, int Extent, long SourceStride, long TargetStride);

    private sealed class Plan
    {
        public Plan(in KernelArguments arguments, KernelRequest request, Resize resize)
        {
            StoredTensor source = StoredTensor.Of(arguments.InputDims(0), request.Inputs[0].Layout), target = StoredTensor.Of(arguments.OutputDims(0), request.Outputs[0].Layout);
            ResizeAxis?[] axes = ResizeAxes.Of(arguments, resize);
            Channels = (int)target.Dims[1];
            Axes = [];
            if (target.Dims.Contains(0))
            {
                return;
            }

            List<Axis> found = [];
            for (int i = 0; i < target.Dims.Length; i++)
            {
                if (i != 1)
                {
                    (int taps, int[] indices, float[] weights) = ResizeAxes.Neighbours(axes[i], resize, target.Dims[i]);
                    found.Add(new(taps, indices, weights, (int)target.Dims[i], source.Strides[i], target.Strides[i]));
                }
            }

            Axes = [.. found];
            Pixels = Axes.Aggregate(1L, (product, axis) => product * axis.Extent);
            PixelsPerTile = Math.Max(Math.Max(1, TileBytes / (Channels * sizeof(float))), Pixels >> 20);
            TileCount = (int)((Pixels + PixelsPerTile - 1) / PixelsPerTile);
        }

        public Axis[] Axes { get; }

        public int Channels { get; }

        public long Pixels { get; }

        public long PixelsPerTile { get; }

        public int TileCount { get; }
    }
}
