using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>Copies images into scratch memory: channels side by side and dense, zeros around.</summary>
internal static unsafe class PaddedImage
{
    /// <summary>Fills rows of the padded images; a tile is one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(PatchProblem problem, PatchExtents e, float* source, float* target, TileRange rows)
    {
        int channels = problem.Groups * problem.Channels;
        long left = Math.Min(problem.Horizontal.PadBegin, e.PaddedWidth), width = Math.Clamp(e.PaddedWidth - left, 0, e.Width), rowFloats = e.PaddedWidth * channels;
        for (int row = rows.Begin; row < rows.End; row++)
        {
            (long slice, long y) = Math.DivRem(row, e.PaddedHeight);
            (long image, long z) = Math.DivRem(slice, e.PaddedDepth);
            float* to = target + (row * rowFloats);
            y -= problem.Vertical.PadBegin;
            z -= problem.Depth.PadBegin;
            if (y < 0 || y >= e.Height || z < 0 || z >= e.Depth)
            {
                Clear(to, rowFloats);
                continue;
            }

            Clear(to, left * channels);
            Clear(to + ((left + width) * channels), (e.PaddedWidth - left - width) * channels);
            to += left * channels;
            if (problem.InputStride == 0)
            {
                Interleave(source + (((((image * channels * e.Depth) + z) * e.Height) + y) * e.Width), e.Depth * e.Height * e.Width, channels, width, to);
            }
            else
            {
                float* from = source + (((((image * e.Depth) + z) * e.Height) + y) * e.Width * problem.InputStride);
                if (problem.InputStride == channels)
                {
                    Buffer.MemoryCopy(from, to, width * channels * sizeof(float), width * channels * sizeof(float));
                    continue;
                }

                for (long x = 0; x < width; x++)
                {
                    Buffer.MemoryCopy(from + (x * problem.InputStride), to + (x * channels), channels * sizeof(float), channels * sizeof(float));
                }
            }
        }
    }

    /// <summary>Turns a row of each channel's plane into pixels.</summary>
    private static void Interleave(float* from, long plane, int channels, long width, float* to)
    {
        if (channels == 1)
        {
            Buffer.MemoryCopy(from, to, width * sizeof(float), width * sizeof(float));
            return;
        }

        if (channels == 3)
        {
            float* green = from + plane, blue = green + plane;
            for (long x = 0; x < width; x++, to += 3)
            {
                (to[0], to[1], to[2]) = (from[x], green[x], blue[x]);
            }

            return;
        }

        for (int channel = 0; channel < channels; channel++, from += plane)
        {
            for (long x = 0; x < width; x++)
            {
                to[(x * channels) + channel] = from[x];
            }
        }
    }

    private static void Clear(float* start, long count) => new Span<float>(start, checked((int)count)).Clear();
}
