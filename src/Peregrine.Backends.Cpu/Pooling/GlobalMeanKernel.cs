using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>
/// GlobalAveragePool of pixels whose channels lie side by side, read once and in order: sums of a few consecutive pixels first, by parts of an image that its extents alone decide, then the parts' sums in
/// double precision.
/// </summary>
internal sealed unsafe class GlobalMeanKernel(KernelRequest request) : ICpuKernel
{
    // Sums of so many pixels are formed at once, so that most of what is loaded is the image.
    private const int Together = 8;
    private const long PartBytes = 64 << 10;

    // Sums of more would lose digits in single precision.
    private const int MostRounds = 64;

    public int PhaseCount => 2;

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => checked(Shape.Of(inputs[0], request).PartCount * inputs[0]![1] * sizeof(float));

    public int TileCount(in KernelArguments arguments, int phase)
    {
        Shape shape = Shape.Of(arguments.InputDims(0), request);
        return phase == 0 ? checked((int)shape.PartCount) : shape.Means.TileCount;
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Shape shape = Shape.Of(arguments.InputDims(0), request);
        float* sums = (float*)arguments.Scratch;
        // The result is one pixel, whose channels lie side by side in either layout.
        long resultStride = Math.Max(shape.Channels, request.Outputs[0].Layout.InnerStride);
        for (long tile = tiles.Begin; tile < tiles.End; tile++)
        {
            if (phase == 0)
            {
                (long image, long part) = Math.DivRem(tile, shape.Parts);
                long first = part * shape.PartPixels;
                Sum((float*)arguments.Input(0) + (((image * shape.Pixels) + first) * shape.PixelStride), Math.Min(shape.PartPixels, shape.Pixels - first), (nint)shape.PixelStride, sums + (tile * shape.Channels), (int)shape.Channels);
            }
            else
            {
                shape.Means.Run(tile, sums, (float*)arguments.Output(0), resultStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* pixel, long pixels, nint stride, float* sums, int channels)
    {
        new Span<float>(sums, channels).Clear();
        long done = 0;
        for (; done + Together <= pixels; done += Together, pixel += Together * stride)
        {
            int channel = 0;
            for (; channel + Vector<float>.Count <= channels; channel += Vector<float>.Count)
            {
                float* x = pixel + channel;
                Vector<float> a = *(Vector<float>*)x + *(Vector<float>*)(x + stride), b = *(Vector<float>*)(x + (2 * stride)) + *(Vector<float>*)(x + (3 * stride));
                x += 4 * stride;
                Vector<float> c = *(Vector<float>*)x + *(Vector<float>*)(x + stride), d = *(Vector<float>*)(x + (2 * stride)) + *(Vector<float>*)(x + (3 * stride));
                *(Vector<float>*)(sums + channel) += a + b + (c + d);
            }

            for (; channel < channels; channel++)
            {
                float* x = pixel + channel;
                float sum = x[0] + x[stride] + (x[2 * stride] + x[3 * stride]);
                x += 4 * stride;
                sums[channel] += sum + (x[0] + x[stride] + (x[2 * stride] + x[3 * stride]));
            }
        }

        for (; done < pixels; done++, pixel += stride)
        {
            int channel = 0;
            for (; channel + Vector<float>.Count <= channels; channel += Vector<float>.Count)
            {
                *(Vector<float>*)(sums + channel) += *(Vector<float>*)(pixel + channel);
            }

            for (; channel < channels; channel++)
            {
                sums[channel] += pixel[channel];
            }
        }
    }

    /// <summary>The extents of a call.</summary>
    private readonly record struct Shape(long Images, long Channels, long Pixels, long PixelStride, long PartPixels)
    {
        /// <summary>Parts of an image; one without pixels has none.</summary>
        public long Parts => (Pixels + PartPixels - 1) / PartPixels;

        public long PartCount => Images * Parts;

        public MeanOfSums Means => new(Images, Channels, Parts, Channels, Pixels);

        public static Shape Of(ReadOnlySpan<long> dims, KernelRequest request)
        {
            long pixels = 1;
            foreach (long extent in dims[2..])
            {
                pixels *= extent;
            }

            long stride = Math.Max(dims[1], request.Inputs[0].Layout.InnerStride), rounds = Math.Clamp(PartBytes / sizeof(float) / Together / Math.Max(1, stride), 1, MostRounds);
            return new(dims[0], dims[1], pixels, stride, rounds * Together);
        }
    }
}
