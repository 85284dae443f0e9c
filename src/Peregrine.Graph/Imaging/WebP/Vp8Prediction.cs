namespace Peregrine.Imaging.WebP;

/// <summary>How a block is predicted from its neighbours. The first four serve whole macroblocks and chroma as well.</summary>
internal enum BlockMode
{
    Dc,
    TrueMotion,
    Vertical,
    Horizontal,
    DownRight,
    VerticalRight,
    DownLeft,
    VerticalLeft,
    HorizontalDown,
    HorizontalUp,
}

/// <summary>Predictions of RFC 6386, section 12. The block's neighbours are read from the plane, the prediction is written into it.</summary>
internal static class Vp8Prediction
{
    /// <summary>A square of 16 (luma) or 8 (chroma) samples.</summary>
    public static void Square(Vp8Plane plane, int left, int top, int size, BlockMode mode)
    {
        int mean = mode == BlockMode.Dc ? Mean(plane, left, top, size) : 0, corner = plane[left - 1, top - 1];
        for (int y = top; y < top + size; y++)
        {
            int side = plane[left - 1, y];
            for (int x = left; x < left + size; x++)
            {
                int above = plane[x, top - 1];
                plane[x, y] = (byte)(mode switch
                {
                    BlockMode.Dc => mean,
                    BlockMode.Vertical => above,
                    BlockMode.Horizontal => side,
                    _ => Math.Clamp(side + above - corner, 0, 255),
                });
            }
        }
    }

    /// <summary>The mean of the neighbours that belong to the image; 128 if none does.</summary>
    private static int Mean(Vp8Plane plane, int left, int top, int size)
    {
        int sum = 0, count = 0;
        for (int i = 0; i < size; i++)
        {
            sum += (top > 0 ? plane[left + i, top - 1] : 0) + (left > 0 ? plane[left - 1, top + i] : 0);
        }

        count += (top > 0 ? size : 0) + (left > 0 ? size : 0);
        return count == 0 ? 128 : (sum + (count / 2)) / count;
    }

    /// <summary>A block of 4 x 4.</summary>
    /// <param name="aboveRight">The four samples above and to the right of the block.</param>
    public static void Block(Vp8Plane plane, int left, int top, BlockMode mode, ReadOnlySpan<byte> aboveRight)
    {
        // The border from the lower left over the corner to the upper right: e[0..3] left from below, e[4] corner, e[5..12] above.
        Span<int> e = stackalloc int[13];
        for (int i = 0; i < 4; i++)
        {
            e[i] = plane[left - 1, top + 3 - i];
            e[5 + i] = plane[left + i, top - 1];
            e[9 + i] = aboveRight[i];
        }

        e[4] = plane[left - 1, top - 1];
        for (int y = 0; y < 4; y++)
        {
            for (int x = 0; x < 4; x++)
            {
                plane[left + x, top + y] = (byte)Predict(e, mode, x, y);
            }
        }
    }

    private static int Predict(ReadOnlySpan<int> e, BlockMode mode, int x, int y)
    {
        switch (mode)
        {
            case BlockMode.Dc:
                return (e[0] + e[1] + e[2] + e[3] + e[5] + e[6] + e[7] + e[8] + 4) >> 3;
            case BlockMode.TrueMotion:
                return Math.Clamp(e[3 - y] + e[5 + x] - e[4], 0, 255);
            case BlockMode.Vertical:
                return Mean3(e, 5 + x);
            case BlockMode.Horizontal:
                return y == 3 ? (e[1] + (3 * e[0]) + 2) >> 2 : Mean3(e, 3 - y);
            case BlockMode.DownRight:
                return Mean3(e, 4 - y + x);
            case BlockMode.DownLeft:
                return x + y == 6 ? (e[11] + (3 * e[12]) + 2) >> 2 : Mean3(e, 6 + x + y);
            case BlockMode.VerticalRight:
                return x < y / 2 ? Mean3(e, 5 - y) : (y & 1) == 0 ? Mean2(e, 4 + x - (y / 2)) : Mean3(e, 4 + x - (y / 2));
            case BlockMode.HorizontalDown:
                return y < x / 2 ? Mean3(e, 3 + x) : (x & 1) == 0 ? Mean2(e, 3 - y + (x / 2)) : Mean3(e, 4 - y + (x / 2));
            case BlockMode.VerticalLeft:
                return (x, y) switch
                {
                    (3, 2) => Mean3(e, 10),
                    (3, 3) => Mean3(e, 11),
                    _ => (y & 1) == 0 ? Mean2(e, 5 + x + (y / 2)) : Mean3(e, 6 + x + (y / 2)),
                };
            default:
                int along = x + (2 * y);
                return along > 5 ? e[0] : along == 5 ? (e[1] + (3 * e[0]) + 2) >> 2 : (along & 1) == 0 ? Mean2(e, 2 - (along / 2)) : Mean3(e, 2 - (along / 2));
        }
    }

    private static int Mean2(ReadOnlySpan<int> e, int at) => (e[at] + e[at + 1] + 1) >> 1;

    private static int Mean3(ReadOnlySpan<int> e, int at) => (e[at - 1] + (2 * e[at]) + e[at + 1] + 2) >> 2;
}
