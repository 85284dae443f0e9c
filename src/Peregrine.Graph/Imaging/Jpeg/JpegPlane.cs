namespace Peregrine.Imaging.Jpeg;

/// <summary>The samples of one component, and their enlargement to the size of the image.</summary>
internal sealed class JpegPlane
{
    private readonly byte[] _samples;
    private readonly int _stride;

    public JpegPlane(JpegComponent component, ReadOnlySpan<ushort> quantization)
    {
        (Width, Height) = (component.Width, component.Height);
        _stride = component.BlockStride * 8;
        _samples = new byte[component.Coefficients.Length];
        for (int row = 0; row < component.BlockRows; row++)
        {
            for (int column = 0; column < component.BlockColumns; column++)
            {
                InverseDct.Transform(component.Block(row, column), quantization, _samples.AsSpan((row * 8 * _stride) + (column * 8)), _stride);
            }
        }
    }

    private int Width { get; }

    private int Height { get; }

    /// <summary>
    /// The plane with <paramref name="horizontal"/> · <paramref name="vertical"/> samples for each of its own. Factors of 2 interpolate: an output lies 1/4 from the nearer sample and 3/4 from the
    /// farther one, a remaining half is rounded down and up alternately (the standard's "ordered dither"). Other factors repeat samples, and so do planes of 1 or 2 columns.
    /// </summary>
    public byte[] Enlarge(int horizontal, int vertical, int width, int height)
    {
        byte[] target = new byte[width * height];
        bool smoothColumns = horizontal == 2 && Width > 2 && vertical <= 2, smoothRows = vertical == 2 && ((horizontal == 2 && Width > 2) || horizontal == 1);
        int[] sums = new int[Width];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> near = Row(y / vertical);
            Span<byte> row = target.AsSpan(y * width, width);
            if (!smoothColumns && !smoothRows)
            {
                for (int x = 0; x < width; x++)
                {
                    row[x] = near[x / horizontal];
                }

                continue;
            }

            ReadOnlySpan<byte> far = smoothRows ? Row((y / 2) + ((y & 1) == 0 ? -1 : 1)) : near;
            for (int x = 0; x < Width; x++)
            {
                sums[x] = smoothRows ? (3 * near[x]) + far[x] : near[x];
            }

            if (smoothColumns)
            {
                EnlargeColumns(sums, row, smoothRows);
            }
            else
            {
                for (int x = 0; x < width; x++)
                {
                    row[x] = (byte)((sums[x] + 1 + (y & 1)) >> 2);
                }
            }
        }

        return target;
    }

    private static void EnlargeColumns(ReadOnlySpan<int> sums, Span<byte> row, bool isScaled)
    {
        // Sums of two rows carry a factor of 4 already.
        int shift = isScaled ? 4 : 2, down = isScaled ? 8 : 1, up = isScaled ? 7 : 2;
        for (int x = 0; x < row.Length; x++)
        {
            int nearest = sums[x / 2], neighbour = (x / 2) + ((x & 1) == 0 ? -1 : 1);
            bool isEdge = neighbour < 0 || neighbour >= sums.Length;
            int value = isEdge ? 4 * nearest : (3 * nearest) + sums[neighbour];
            row[x] = (byte)((value + ((x & 1) == 0 ? down : up)) >> shift);
        }
    }

    private ReadOnlySpan<byte> Row(int row) => _samples.AsSpan(Math.Clamp(row, 0, Height - 1) * _stride, Width);
}
