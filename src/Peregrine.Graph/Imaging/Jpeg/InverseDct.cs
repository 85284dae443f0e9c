namespace Peregrine.Imaging.Jpeg;

/// <summary>
/// The inverse cosine transform of 8 x 8 blocks in integers: C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", ICASSP 1989,
/// with 13 fractional bits in the constants and 2 more bits between the passes. These widths are those of the reference library's accurate method, so that results agree bit by bit.
/// </summary>
internal static class InverseDct
{
    private const int ConstantBits = 13;
    private const int PassBits = 2;

    /// <param name="quantization">64 steps in natural order.</param>
    /// <param name="target">Receives 8 rows of 8 samples.</param>
    public static void Transform(ReadOnlySpan<short> coefficients, ReadOnlySpan<ushort> quantization, Span<byte> target, int stride)
    {
        Span<int> work = stackalloc int[64];
        for (int i = 0; i < 64; i++)
        {
            work[i] = coefficients[i] * quantization[i];
        }

        for (int column = 0; column < 8; column++)
        {
            Line(work, column, 8, ConstantBits - PassBits);
        }

        for (int row = 0; row < 8; row++)
        {
            Line(work, row * 8, 1, ConstantBits + PassBits + 3);
            for (int column = 0; column < 8; column++)
            {
                target[(row * stride) + column] = (byte)Math.Clamp(work[(row * 8) + column] + 128, 0, 255);
            }
        }
    }

    private static void Line(Span<int> data, int start, int step, int shift)
    {
        int x0 = data[start], x1 = data[start + step], x2 = data[start + (2 * step)], x3 = data[start + (3 * step)];
        int x4 = data[start + (4 * step)], x5 = data[start + (5 * step)], x6 = data[start + (6 * step)], x7 = data[start + (7 * step)];

        // Constants are round(c · 2^13): 0.541196100 = √2 cos(3π/8) and so on.
        int common = (x2 + x6) * 4433;
        int even2 = common - (x6 * 15137), even3 = common + (x2 * 6270);
        int even0 = (x0 + x4) << ConstantBits, even1 = (x0 - x4) << ConstantBits;
        int a0 = even0 + even3, a3 = even0 - even3, a1 = even1 + even2, a2 = even1 - even2;

        int z1 = (x7 + x1) * -7373, z2 = (x5 + x3) * -20995, z3 = x7 + x3, z4 = x5 + x1, z5 = (z3 + z4) * 9633;
        z3 = (z3 * -16069) + z5;
        z4 = (z4 * -3196) + z5;
        int b0 = (x7 * 2446) + z1 + z3, b1 = (x5 * 16819) + z2 + z4, b2 = (x3 * 25172) + z2 + z3, b3 = (x1 * 12299) + z1 + z4;

        int half = 1 << (shift - 1);
        data[start] = (a0 + b3 + half) >> shift;
        data[start + (7 * step)] = (a0 - b3 + half) >> shift;
        data[start + step] = (a1 + b2 + half) >> shift;
        data[start + (6 * step)] = (a1 - b2 + half) >> shift;
        data[start + (2 * step)] = (a2 + b1 + half) >> shift;
        data[start + (5 * step)] = (a2 - b1 + half) >> shift;
        data[start + (3 * step)] = (a3 + b0 + half) >> shift;
        data[start + (4 * step)] = (a3 - b0 + half) >> shift;
    }
}
