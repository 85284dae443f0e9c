using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>Means of the pixels of an image, channel by channel, from sums of its parts; those are added in double precision.</summary>
/// <param name="Images">How many images.</param>
/// <param name="Channels">Of each image.</param>
/// <param name="Parts">Parts of each image.</param>
/// <param name="Step">Floats from the sums of a part to those of the next, which may be the next image's first.</param>
/// <param name="Pixels">Of all parts of an image together.</param>
internal readonly unsafe record struct MeanOfSums(long Images, long Channels, long Parts, long Step, long Pixels)
{
    // Channels that are worth a worker's turn.
    private const int ChannelBlock = 512;

    public int TileCount => checked((int)(Images * Blocks));

    private long Blocks => (Channels + ChannelBlock - 1) / ChannelBlock;

    /// <summary>Writes the means of a block of channels of an image.</summary>
    /// <param name="sums">The first image's.</param>
    /// <param name="results">The first image's.</param>
    /// <param name="resultStride">Floats from image to image.</param>
    public void Run(long tile, float* sums, float* results, long resultStride)
    {
        (long image, long block) = Math.DivRem(tile, Blocks);
        long first = block * ChannelBlock;
        Write(sums + (image * Parts * Step) + first, Parts, (nint)Step, results + (image * resultStride) + first, (int)Math.Min(ChannelBlock, Channels - first), Pixels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(float* sums, long parts, nint step, float* result, int channels, long pixels)
    {
        int channel = 0;
        double* lanes = stackalloc double[Vector<float>.Count];
        for (; channel + Vector<float>.Count <= channels; channel += Vector<float>.Count)
        {
            Vector<double> low = Vector<double>.Zero, high = Vector<double>.Zero;
            for (long part = 0; part < parts; part++)
            {
                Vector.Widen(*(Vector<float>*)(sums + (part * step) + channel), out Vector<double> first, out Vector<double> second);
                low += first;
                high += second;
            }

            *(Vector<double>*)lanes = low;
            *(Vector<double>*)(lanes + Vector<double>.Count) = high;
            for (int lane = 0; lane < Vector<float>.Count; lane++)
            {
                result[channel + lane] = Mean(lanes[lane], pixels);
            }
        }

        for (; channel < channels; channel++)
        {
            double sum = 0;
            for (long part = 0; part < parts; part++)
            {
                sum += sums[(part * step) + channel];
            }

            result[channel] = Mean(sum, pixels);
        }
    }

    // The mean of nothing is 0, as that of every other pool.
    private static float Mean(double sum, long pixels) => pixels == 0 ? 0 : (float)(sum / pixels);
}
