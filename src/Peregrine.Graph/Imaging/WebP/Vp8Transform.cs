namespace Peregrine.Imaging.WebP;

/// <summary>The inverse transforms of RFC 6386, section 14.</summary>
internal static class Vp8Transform
{
    /// <summary>Adds the inverse cosine transform of 16 coefficients to a block of 4 x 4.</summary>
    public static void AddCosine(ReadOnlySpan<int> coefficients, Vp8Plane plane, int left, int top)
    {
        Span<int> columns = stackalloc int[16];
        for (int i = 0; i < 4; i++)
        {
            int a = coefficients[i] + coefficients[8 + i], b = coefficients[i] - coefficients[8 + i];
            int c = Sine(coefficients[4 + i]) - Cosine(coefficients[12 + i]), d = Cosine(coefficients[4 + i]) + Sine(coefficients[12 + i]);
            (columns[4 * i], columns[(4 * i) + 1], columns[(4 * i) + 2], columns[(4 * i) + 3]) = (a + d, b + c, b - c, a - d);
        }

        for (int y = 0; y < 4; y++)
        {
            int a = columns[y] + 4 + columns[8 + y], b = columns[y] + 4 - columns[8 + y];
            int c = Sine(columns[4 + y]) - Cosine(columns[12 + y]), d = Cosine(columns[4 + y]) + Sine(columns[12 + y]);
            Add(plane, left, top + y, a + d);
            Add(plane, left + 1, top + y, b + c);
            Add(plane, left + 2, top + y, b - c);
            Add(plane, left + 3, top + y, a - d);
        }
    }

    /// <summary>The inverse Walsh-Hadamard transform: <paramref name="input"/> becomes the DC coefficient of each of 16 blocks.</summary>
    /// <param name="blocks">16 coefficients per block.</param>
    public static void SpreadDc(ReadOnlySpan<int> input, Span<int> blocks)
    {
        Span<int> columns = stackalloc int[16];
        for (int i = 0; i < 4; i++)
        {
            int a = input[i] + input[12 + i], b = input[4 + i] + input[8 + i], c = input[4 + i] - input[8 + i], d = input[i] - input[12 + i];
            (columns[i], columns[4 + i], columns[8 + i], columns[12 + i]) = (a + b, d + c, a - b, d - c);
        }

        for (int i = 0; i < 4; i++)
        {
            ReadOnlySpan<int> row = columns.Slice(4 * i, 4);
            int a = row[0] + 3 + row[3], b = row[1] + row[2], c = row[1] - row[2], d = row[0] + 3 - row[3];
            Span<int> target = blocks[(64 * i)..];
            (target[0], target[16], target[32], target[48]) = ((a + b) >> 3, (d + c) >> 3, (a - b) >> 3, (d - c) >> 3);
        }
    }

    // √2 cos(π/8) = 1 + 20091 / 2^16, √2 sin(π/8) = 35468 / 2^16.
    private static int Cosine(int value) => value + ((value * 20091) >> 16);

    private static int Sine(int value) => (value * 35468) >> 16;

    private static void Add(Vp8Plane plane, int x, int y, int value) => plane[x, y] = (byte)Math.Clamp(plane[x, y] + (value >> 3), 0, 255);
}
