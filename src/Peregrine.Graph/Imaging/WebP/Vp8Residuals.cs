namespace Peregrine.Imaging.WebP;

/// <summary>Reads the coefficients of blocks (RFC 6386, section 13).</summary>
internal static class Vp8Residuals
{
    private static ReadOnlySpan<byte> Bands => [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0];

    private static ReadOnlySpan<byte> Zigzag => [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

    /// <summary>Probabilities of the extra bits of the four categories of large values; a category's bits end at 0.</summary>
    private static ReadOnlySpan<byte> LargeBits =>
    [
        173, 148, 140, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        176, 155, 140, 135, 0, 0, 0, 0, 0, 0, 0, 0,
        180, 157, 141, 134, 130, 0, 0, 0, 0, 0, 0, 0,
        254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129, 0,
    ];

    /// <param name="type">0 luma behind a second-order block, 1 second-order block, 2 chroma, 3 luma with its DC.</param>
    /// <param name="context">How many of the neighbours above and to the left have coefficients.</param>
    /// <param name="first">The first coefficient that is coded.</param>
    /// <returns>The index behind the last coefficient that is coded.</returns>
    public static int Read(Vp8Bits bits, ReadOnlySpan<byte> probabilities, int type, int context, int first, int dcStep, int acStep, Span<int> block)
    {
        ReadOnlySpan<byte> bands = probabilities.Slice(type * 8 * 33, 8 * 33), p = At(bands, first, context);
        for (int n = first; n < 16; n++)
        {
            if (bits.Bit(p[0]) == 0)
            {
                return n;
            }

            while (bits.Bit(p[1]) == 0)
            {
                if (++n == 16)
                {
                    return 16;
                }

                p = At(bands, n, 0);
            }

            int value = bits.Bit(p[2]) == 0 ? 1 : Large(bits, p);
            p = At(bands, n + 1, value == 1 ? 1 : 2);
            block[Zigzag[n]] = (bits.Flag() ? -value : value) * (n > 0 ? acStep : dcStep);
        }

        return 16;
    }

    private static ReadOnlySpan<byte> At(ReadOnlySpan<byte> bands, int index, int context) => bands.Slice((Bands[index] * 33) + (context * 11), 11);

    private static int Large(Vp8Bits bits, ReadOnlySpan<byte> p)
    {
        if (bits.Bit(p[3]) == 0)
        {
            return bits.Bit(p[4]) == 0 ? 2 : 3 + bits.Bit(p[5]);
        }

        if (bits.Bit(p[6]) == 0)
        {
            if (bits.Bit(p[7]) == 0)
            {
                return 5 + bits.Bit(159);
            }

            int upper = bits.Bit(165);
            return 7 + (2 * upper) + bits.Bit(145);
        }

        int high = bits.Bit(p[8]), category = (2 * high) + bits.Bit(p[9 + high]), value = 0;
        foreach (byte probability in LargeBits.Slice(12 * category, 12))
        {
            if (probability == 0)
            {
                break;
            }

            value = (2 * value) + bits.Bit(probability);
        }

        return value + 3 + (8 << category);
    }
}
