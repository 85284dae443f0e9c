namespace Peregrine.Imaging.WebP;

/// <summary>How the edges of a macroblock are smoothed; an edge limit of 0 leaves them.</summary>
internal readonly record struct Vp8FilterStrength(int EdgeLimit, int InteriorLimit, int Threshold);

/// <summary>The loop filters of RFC 6386, section 15.</summary>
internal static class Vp8LoopFilter
{
    /// <summary>The simple filter: luma only, two samples on either side.</summary>
    public static void Simple(Vp8Plane luma, int column, int row, Vp8FilterStrength strength, bool hasInner)
    {
        Edges(luma, column, row, 16, hasInner, (at, across, along, isOuter) =>
        {
            int limit = (2 * (strength.EdgeLimit + (isOuter ? 4 : 0))) + 1;
            for (int i = 0; i < 16; i++, at += along)
            {
                if (IsStep(luma.Samples, at, across, limit))
                {
                    Narrow(luma.Samples, at, across);
                }
            }
        });
    }

    /// <summary>The normal filter of one plane: four samples on either side.</summary>
    public static void Normal(Vp8Plane plane, int size, int column, int row, Vp8FilterStrength strength, bool hasInner)
    {
        Edges(plane, column, row, size, hasInner, (at, across, along, isOuter) =>
        {
            byte[] samples = plane.Samples;
            int limit = (2 * (strength.EdgeLimit + (isOuter ? 4 : 0))) + 1;
            for (int i = 0; i < size; i++, at += along)
            {
                if (!IsStep(samples, at, across, limit) || !IsSmooth(samples, at, across, strength.InteriorLimit))
                {
                    continue;
                }

                if (IsVaried(samples, at, across, strength.Threshold))
                {
                    Narrow(samples, at, across);
                }
                else if (isOuter)
                {
                    Wide(samples, at, across);
                }
                else
                {
                    Middle(samples, at, across);
                }
            }
        });
    }

    private delegate void EdgeFilter(int at, int across, int along, bool isOuter);

    private static void Edges(Vp8Plane plane, int column, int row, int size, bool hasInner, EdgeFilter filter)
    {
        int x = column * size, y = row * size;
        if (column > 0)
        {
            filter(plane.Index(x, y), 1, plane.Stride, true);
        }

        for (int i = 4; hasInner && i < size; i += 4)
        {
            filter(plane.Index(x + i, y), 1, plane.Stride, false);
        }

        if (row > 0)
        {
            filter(plane.Index(x, y), plane.Stride, 1, true);
        }

        for (int i = 4; hasInner && i < size; i += 4)
        {
            filter(plane.Index(x, y + i), plane.Stride, 1, false);
        }
    }

    private static bool IsStep(byte[] s, int at, int d, int limit) => (4 * Math.Abs(s[at - d] - s[at])) + Math.Abs(s[at - (2 * d)] - s[at + d]) <= limit;

    private static bool IsSmooth(byte[] s, int at, int d, int limit) =>
        Math.Abs(s[at - (4 * d)] - s[at - (3 * d)]) <= limit && Math.Abs(s[at - (3 * d)] - s[at - (2 * d)]) <= limit && Math.Abs(s[at - (2 * d)] - s[at - d]) <= limit
        && Math.Abs(s[at + (3 * d)] - s[at + (2 * d)]) <= limit && Math.Abs(s[at + (2 * d)] - s[at + d]) <= limit && Math.Abs(s[at + d] - s[at]) <= limit;

    private static bool IsVaried(byte[] s, int at, int d, int threshold) => Math.Abs(s[at - (2 * d)] - s[at - d]) > threshold || Math.Abs(s[at + d] - s[at]) > threshold;

    private static void Narrow(byte[] s, int at, int d)
    {
        int value = (3 * (s[at] - s[at - d])) + Signed(s[at - (2 * d)] - s[at + d]);
        s[at - d] = Clip(s[at - d] + Small(value + 3));
        s[at] = Clip(s[at] - Small(value + 4));
    }

    private static void Middle(byte[] s, int at, int d)
    {
        int value = 3 * (s[at] - s[at - d]), upper = Small(value + 4), outer = (upper + 1) >> 1;
        s[at - (2 * d)] = Clip(s[at - (2 * d)] + outer);
        s[at - d] = Clip(s[at - d] + Small(value + 3));
        s[at] = Clip(s[at] - upper);
        s[at + d] = Clip(s[at + d] - outer);
    }

    private static void Wide(byte[] s, int at, int d)
    {
        int value = Signed((3 * (s[at] - s[at - d])) + Signed(s[at - (2 * d)] - s[at + d]));
        for (int i = 0; i < 3; i++)
        {
            int change = ((9 * (3 - i) * value) + 63) >> 7;
            s[at - ((i + 1) * d)] = Clip(s[at - ((i + 1) * d)] + change);
            s[at + (i * d)] = Clip(s[at + (i * d)] - change);
        }
    }

    private static int Signed(int value) => Math.Clamp(value, -128, 127);

    private static int Small(int value) => Math.Clamp(value >> 3, -16, 15);

    private static byte Clip(int value) => (byte)Math.Clamp(value, 0, 255);
}
