namespace Peregrine.Imaging.Jpeg2000;

/// <summary>One level of wavelet synthesis (T.800, annex F). Doubles hold the integers of the reversible transform exactly.</summary>
internal static class InverseWavelet
{
    // The lifting steps of the 9/7 filter (table F.4).
    private const double Alpha = -1.586134342059924, Beta = -0.052980118572961, Gamma = 0.882911075530934, Delta = 0.443506852043971, K = 1.230174104914001;

    /// <param name="area">Of the result; the parity of its corner tells where the low-pass samples lie.</param>
    /// <param name="high">High-pass across, down, and both.</param>
    public static double[] Synthesise((int X0, int Y0, int X1, int Y1) area, double[] low, Subband[] high, bool isReversible)
    {
        int width = area.X1 - area.X0, height = area.Y1 - area.Y0;
        if (width <= 0 || height <= 0)
        {
            return [];
        }

        double[] values = new double[width * height];
        int lowWidth = ((area.X1 + 1) >> 1) - ((area.X0 + 1) >> 1), lowY = (area.Y0 + 1) >> 1, lowX = (area.X0 + 1) >> 1;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int gridX = area.X0 + x, gridY = area.Y0 + y, orientation = (gridX & 1) | (gridY & 1) << 1;
                values[(y * width) + x] = orientation == 0
                    ? low[(((gridY >> 1) - lowY) * lowWidth) + (gridX >> 1) - lowX]
                    : At(high[orientation - 1], gridX >> 1, gridY >> 1);
            }
        }

        double[] line = new double[Math.Max(width, height)];
        for (int y = 0; y < height; y++)
        {
            Lift(values.AsSpan(y * width, width), area.X0 & 1, isReversible);
        }

        for (int x = 0; x < width; x++)
        {
            for (int y = 0; y < height; y++)
            {
                line[y] = values[(y * width) + x];
            }

            Lift(line.AsSpan(0, height), area.Y0 & 1, isReversible);
            for (int y = 0; y < height; y++)
            {
                values[(y * width) + x] = line[y];
            }
        }

        return values;
    }

    private static double At(Subband band, int x, int y) => band.Values[((y - band.Area.Y0) * band.Width) + x - band.Area.X0];

    /// <param name="parity">1 if the line starts with a high-pass sample.</param>
    private static void Lift(Span<double> line, int parity, bool isReversible)
    {
        if (line.Length == 1)
        {
            line[0] = parity == 0 ? line[0] : isReversible ? Math.Floor(line[0] / 2) : line[0] / 2;
        }
        else if (isReversible)
        {
            for (int i = parity; i < line.Length; i += 2)
            {
                line[i] -= Math.Floor((Neighbours(line, i) + 2) / 4);
            }

            for (int i = 1 - parity; i < line.Length; i += 2)
            {
                line[i] += Math.Floor(Neighbours(line, i) / 2);
            }
        }
        else
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] *= ((i + parity) & 1) == 0 ? K : 1 / K;
            }

            Step(line, parity, -Delta);
            Step(line, 1 - parity, -Gamma);
            Step(line, parity, -Beta);
            Step(line, 1 - parity, -Alpha);
        }
    }

    private static void Step(Span<double> line, int first, double factor)
    {
        for (int i = first; i < line.Length; i += 2)
        {
            line[i] += factor * Neighbours(line, i);
        }
    }

    /// <summary>The sum of both neighbours; the line is mirrored at its ends.</summary>
    private static double Neighbours(ReadOnlySpan<double> line, int i) => line[i > 0 ? i - 1 : 1] + line[i + 1 < line.Length ? i + 1 : i - 1];
}
