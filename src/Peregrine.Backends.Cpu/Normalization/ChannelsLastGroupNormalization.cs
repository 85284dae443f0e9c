using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>
/// Group normalization of pixels whose channels lie side by side, in three phases: mean and sum of squared distances of each channel over a chunk of pixels; those of each group, merged in
/// double by the rule of Chan, Golub and LeVeque (1979); the affine map.
/// </summary>
/// <param name="groups">Groups of an instance; null for one per channel.</param>
internal sealed unsafe class ChannelsLastGroupNormalization(long? groups, float epsilon, Layout source, Layout target) : ICpuKernel
{
    private const long ChunkBytes = 32 << 10;
    private const long MostPixels = 256;

    public int PhaseCount => 3;

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs)
    {
        Extents e = new(inputs[0], groups);
        return checked(((e.Batch * e.Chunks * 2 * e.Channels) + (e.Batch * 2 * e.Channels)) * sizeof(float));
    }

    public int TileCount(in KernelArguments arguments, int phase)
    {
        Extents e = new(arguments.InputDims(0), groups);
        return e.IsEmpty ? 0 : checked((int)(e.Batch * (phase == 1 ? e.Groups : e.Chunks)));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Extents e = new(arguments.InputDims(0), groups);
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0), partial = (float*)arguments.Scratch, merged = partial + (e.Batch * e.Chunks * 2 * e.Channels);
        long from = Math.Max(e.Channels, source.InnerStride), to = Math.Max(e.Channels, target.InnerStride);
        for (long tile = tiles.Begin; tile < tiles.End; tile++)
        {
            if (phase == 1)
            {
                Merge(e, tile / e.Groups, tile % e.Groups, partial, merged, (float*)arguments.Input(1));
                continue;
            }

            (long batch, long chunk) = Math.DivRem(tile, e.Chunks);
            long first = (batch * e.Pixels) + (chunk * e.PixelsPerChunk), count = Math.Min(e.PixelsPerChunk, e.Pixels - (chunk * e.PixelsPerChunk));
            if (phase == 0)
            {
                Measure(input + (first * from), count, from, e.Channels, partial + (tile * 2 * e.Channels));
            }
            else
            {
                Map(input + (first * from), output + (first * to), count, from, to, e.Channels, merged + (batch * 2 * e.Channels), (float*)arguments.Input(2));
            }
        }
    }

    /// <summary>Per channel the mean of a chunk and, behind all means, the sum of squared distances from it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Measure(float* x, long pixels, long step, long channels, float* result)
    {
        int width = Vector<float>.Count;
        long channel = 0;
        while (channel + width <= channels || (channel < channels && channels >= width))
        {
            // The last vector may overlap the one before it.
            channel = Math.Min(channel, channels - width);
            Vector<float> a = Vector<float>.Zero, b = a;
            long pixel = 0;
            for (; pixel + 2 <= pixels; pixel += 2)
            {
                a += *(Vector<float>*)(x + (pixel * step) + channel);
                b += *(Vector<float>*)(x + ((pixel + 1) * step) + channel);
            }

            if (pixel < pixels)
            {
                a += *(Vector<float>*)(x + (pixel * step) + channel);
            }

            Vector<float> mean = (a + b) / new Vector<float>(pixels), squares = Vector<float>.Zero;
            for (pixel = 0; pixel < pixels; pixel++)
            {
                Vector<float> distance = *(Vector<float>*)(x + (pixel * step) + channel) - mean;
                squares += distance * distance;
            }

            *(Vector<float>*)(result + channel) = mean;
            *(Vector<float>*)(result + channels + channel) = squares;
            channel += width;
        }

        for (; channel < channels; channel++)
        {
            double sum = 0, squares = 0;
            for (long pixel = 0; pixel < pixels; pixel++)
            {
                sum += x[(pixel * step) + channel];
            }

            float mean = (float)(sum / pixels);
            for (long pixel = 0; pixel < pixels; pixel++)
            {
                double distance = x[(pixel * step) + channel] - (double)mean;
                squares += distance * distance;
            }

            (result[channel], result[channels + channel]) = (mean, (float)squares);
        }
    }

    /// <summary>Per channel of a group its mean and, behind all means, the factor of the affine map.</summary>
    private void Merge(in Extents e, long batch, long group, float* partial, float* merged, float* scale)
    {
        long perGroup = e.Channels / e.Groups, first = group * perGroup, total = perGroup * e.Pixels;
        double mean = 0, squares = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            for (long chunk = 0; chunk < e.Chunks; chunk++)
            {
                long pixels = Math.Min(e.PixelsPerChunk, e.Pixels - (chunk * e.PixelsPerChunk));
                float* own = partial + (((batch * e.Chunks) + chunk) * 2 * e.Channels);
                for (long channel = first; channel < first + perGroup; channel++)
                {
                    if (pass == 0)
                    {
                        mean += own[channel] * (double)pixels / total;
                    }
                    else
                    {
                        squares += own[e.Channels + channel] + (pixels * (own[channel] - mean) * (own[channel] - mean));
                    }
                }
            }
        }

        double inverse = 1 / Math.Sqrt((squares / total) + epsilon);
        float* result = merged + (batch * 2 * e.Channels);
        for (long channel = first; channel < first + perGroup; channel++)
        {
            (result[channel], result[e.Channels + channel]) = ((float)mean, (float)(inverse * scale[channel]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map(float* x, float* y, long pixels, long from, long to, long channels, float* means, float* bias)
    {
        int width = Vector<float>.Count;
        float* factors = means + channels;
        for (long pixel = 0; pixel < pixels; pixel++, x += from, y += to)
        {
            long channel = 0;
            for (; channel + width <= channels; channel += width)
            {
                *(Vector<float>*)(y + channel) = ((*(Vector<float>*)(x + channel) - *(Vector<float>*)(means + channel)) * *(Vector<float>*)(factors + channel)) + *(Vector<float>*)(bias + channel);
            }

            for (; channel < channels; channel++)
            {
                y[channel] = ((x[channel] - means[channel]) * factors[channel]) + bias[channel];
            }
        }
    }

    private readonly struct Extents
    {
        public Extents(ReadOnlySpan<long> dims, long? groups)
        {
            (Batch, Channels, Pixels) = (dims[0], dims[1], Tensor.CountElements(dims[2..]));
            Groups = groups ?? Channels;
            PixelsPerChunk = Math.Clamp(ChunkBytes / Math.Max(1, Channels * sizeof(float)), 8, MostPixels);
            Chunks = (Pixels + PixelsPerChunk - 1) / PixelsPerChunk;
        }

        public long Batch { get; }

        public long Channels { get; }

        public long Pixels { get; }

        public long Groups { get; }

        public long PixelsPerChunk { get; }

        public long Chunks { get; }

        public bool IsEmpty => Batch == 0 || Channels == 0 || Pixels == 0;
    }
}
