namespace Peregrine.Imaging;

/// <summary>Portable bitmaps (P1, P4), greymaps (P2, P5) and pixmaps (P3, P6), as Netpbm's pbm(5), pgm(5) and ppm(5) describe them.</summary>
internal static class PnmDecoder
{
    public static Raster Decode(ImageBytes bytes)
    {
        int kind = bytes[1] - '0', at = 2;
        bool isBitmap = kind is 1 or 4, isText = kind <= 3;
        int width = Number(bytes, ref at), height = Number(bytes, ref at), maximum = isBitmap ? 1 : Number(bytes, ref at);
        if (maximum is < 1 or > 65535)
        {
            throw new InvalidImageException($"its largest sample {maximum} is outside of [1, 65535].");
        }

        Raster image = new(width, height, kind is 3 or 6 ? 3 : 1);
        int rowSamples = width * image.Channels;
        if (isText)
        {
            for (int i = 0; i < image.Samples.Length; i++)
            {
                int value = isBitmap ? Bit(bytes, ref at) : Number(bytes, ref at);
                image.Samples[i] = Scale(isBitmap ? 1 - value : value, maximum);
            }

            return image;
        }

        // Exactly one white space separates the header from the samples.
        at++;
        int sampleBytes = maximum > 255 ? 2 : 1;
        int rowBytes = isBitmap ? (width + 7) / 8 : checked(rowSamples * sampleBytes);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = bytes.Slice(at + ((long)y * rowBytes), rowBytes);
            Span<byte> target = image.Samples.AsSpan(y * rowSamples, rowSamples);
            for (int i = 0; i < rowSamples; i++)
            {
                target[i] = isBitmap
                    ? (byte)(((row[i >> 3] >> (7 - (i & 7))) & 1) == 0 ? 255 : 0)
                    : Scale(sampleBytes == 1 ? row[i] : (row[2 * i] << 8) | row[(2 * i) + 1], maximum);
            }
        }

        return image;
    }

    private static byte Scale(int value, int maximum) => maximum == 255 ? (byte)value : (byte)Math.Min(255, ((value * 255L) + (maximum / 2)) / maximum);

    private static void SkipSpace(ImageBytes bytes, ref int at)
    {
        while (bytes[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\v' or (byte)'\f' or (byte)'\r' or (byte)'#')
        {
            if (bytes[at++] == '#')
            {
                while (bytes[at++] is not ((byte)'\n' or (byte)'\r'))
                {
                }
            }
        }
    }

    private static int Bit(ImageBytes bytes, ref int at)
    {
        SkipSpace(bytes, ref at);
        return bytes[at++] is var digit and ((byte)'0' or (byte)'1') ? digit - '0' : throw new InvalidImageException("a bit is neither 0 nor 1.");
    }

    private static int Number(ImageBytes bytes, ref int at)
    {
        SkipSpace(bytes, ref at);
        int value = 0, digits = 0;
        for (; at < bytes.Length && char.IsAsciiDigit((char)bytes[at]); at++, digits++)
        {
            value = checked((value * 10) + bytes[at] - '0');
        }

        return digits > 0 ? value : throw new InvalidImageException($"a number is missing at byte {at}.");
    }
}
