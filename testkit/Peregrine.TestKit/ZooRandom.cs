namespace Peregrine.TestKit;

/// <summary>The generators by which the zoo's weights and inputs are drawn: any element can be drawn alone, the same on every machine up to the last bit of log and cos.</summary>
internal static class ZooRandom
{
    /// <summary>
    /// Normal numbers: SplitMix64 over a counter, then Box-Muller. Element j of stream i uses s = (i &lt;&lt; 40) + j.
    /// <paramref name="start"/> is the index of the first element of <paramref name="values"/> within the stream.
    /// </summary>
    public static void Normal(Span<float> values, long start, long stream, double mean, double std)
    {
        const double Unit = 1.0 / (1UL << 53);
        for (int i = 0; i < values.Length; i++)
        {
            ulong s = ((ulong)stream << 40) + (ulong)(start + i);
            double u1 = ((SplitMix64((2 * s) + 1) >> 11) + 0.5) * Unit, u2 = (SplitMix64((2 * s) + 2) >> 11) * Unit;
            values[i] = (float)(mean + (std * Math.Sqrt(-2 * Math.Log(u1)) * Math.Cos(2 * Math.PI * u2)));
        }
    }

    /// <summary>The grid of a detection head, [1, anchors, side, side, 2]: (x − 1/2, y − 1/2) of each cell.</summary>
    public static void DetectionGrid(Span<float> values, long start, long side)
    {
        for (int i = 0; i < values.Length; i++)
        {
            long j = start + i, x = j / 2 % side, y = j / 2 / side % side;
            values[i] = (j % 2 == 0 ? x : y) - 0.5f;
        }
    }

    private static ulong SplitMix64(ulong x)
    {
        ulong z = x * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
