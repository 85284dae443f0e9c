using System.IO.Compression;

namespace Peregrine.Imaging;

/// <summary>PNG (ISO/IEC 15948): every colour type and depth, with and without Adam7 interlacing. Checksums are not compared: zlib's own tells damaged pixels.</summary>
internal static class PngDecoder
{
    private const int Grey = 0, TrueColour = 2, Indexed = 3, GreyAlpha = 4, TrueColourAlpha = 6;

    /// <summary>Start and step of the interlacing passes: x, y, Δx, Δy.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static Raster Decode(ImageBytes bytes)
    {
        if (!bytes.Has(12, "IHDR"))
        {
            throw new InvalidImageException("its first chunk is not IHDR.");
        }

        long width = bytes.BigUInt32(16), height = bytes.BigUInt32(20);
        Raster.CheckSize(width, height);
        int depth = bytes[24], colour = bytes[25], interlace = bytes[28];
        int channels = (colour, depth) switch
        {
            (Grey, 1 or 2 or 4 or 8 or 16) or (Indexed, 1 or 2 or 4 or 8) => 1,
            (GreyAlpha, 8 or 16) => 2,
            (TrueColour, 8 or 16) => 3,
            (TrueColourAlpha, 8 or 16) => 4,
            _ => throw new InvalidImageException($"colour type {colour} with {depth} bits does not exist."),
        };

        byte[] palette = [];
        using MemoryStream compressed = new();
        for (long at = 8; ;)
        {
            long length = bytes.BigUInt32(at);
            ReadOnlySpan<byte> content = bytes.Slice(at + 8, length);
            if (bytes.Has((int)at + 4, "PLTE"))
            {
                palette = content.ToArray();
            }
            else if (bytes.Has((int)at + 4, "IDAT"))
            {
                compressed.Write(content);
            }
            else if (bytes.Has((int)at + 4, "IEND"))
            {
                break;
            }

            at += 12 + length;
        }

        compressed.Position = 0;
        using ZLibStream pixels = new(compressed, CompressionMode.Decompress);
        Raster image = new((int)width, (int)height, colour is Grey or GreyAlpha ? 1 : 3);
        foreach ((int x, int y, int stepX, int stepY) in interlace == 0 ? [(0, 0, 1, 1)] : Passes)
        {
            int columns = (image.Width - x + stepX - 1) / stepX, rows = (image.Height - y + stepY - 1) / stepY;
            if (columns > 0 && rows > 0)
            {
                ReadPass(pixels, columns, rows, channels, depth, (row, data) => Place(image, data, palette, channels, depth, colour, (x, y + (row * stepY), stepX), columns));
            }
        }

        return image;
    }

    private delegate void RowSink(int row, ReadOnlySpan<byte> data);

    private static void ReadPass(Stream pixels, int columns, int rows, int channels, int depth, RowSink sink)
    {
        int rowBytes = checked((int)((((long)columns * channels * depth) + 7) / 8)), pixelBytes = Math.Max(1, channels * depth / 8);
        byte[] current = new byte[rowBytes], previous = new byte[rowBytes];
        for (int row = 0; row < rows; row++)
        {
            int filter = pixels.ReadByte();
            if (filter < 0 || pixels.ReadAtLeast(current, rowBytes, throwOnEndOfStream: false) < rowBytes)
            {
                throw new InvalidImageException($"its pixels end in row {row}.");
            }

            Unfilter(filter, current, previous, pixelBytes);
            sink(row, current);
            (current, previous) = (previous, current);
        }
    }

    private static void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= pixelBytes ? row[i - pixelBytes] : 0, corner = i >= pixelBytes ? above[i - pixelBytes] : 0;
            row[i] += (byte)(filter switch
            {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], corner),
                _ => throw new InvalidImageException($"filter {filter} does not exist."),
            });
        }
    }

    private static int Paeth(int left, int above, int corner)
    {
        int estimate = left + above - corner;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toCorner = Math.Abs(estimate - corner);
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }

    private static void Place(Raster image, ReadOnlySpan<byte> row, ReadOnlySpan<byte> palette, int channels, int depth, int colour, (int X, int Y, int StepX) place, int columns)
    {
        for (int i = 0; i < columns; i++)
        {
            int x = place.X + (i * place.StepX);
            switch (colour)
            {
                case Grey or GreyAlpha:
                    image.Samples[(place.Y * image.Width) + x] = depth < 8 ? (byte)(Bits(row, i, depth) * 255 / ((1 << depth) - 1)) : row[i * channels * (depth / 8)];
                    break;
                case Indexed:
                    int entry = Bits(row, i, depth) * 3;
                    image.SetPixel(x, place.Y, palette[entry], palette[entry + 1], palette[entry + 2]);
                    break;
                default:
                    int bytes = depth / 8, at = i * channels * bytes;
                    image.SetPixel(x, place.Y, row[at], row[at + bytes], row[at + (2 * bytes)]);
                    break;
            }
        }
    }

    private static int Bits(ReadOnlySpan<byte> row, int index, int depth) => (row[index * depth >> 3] >> (8 - depth - ((index * depth) & 7))) & ((1 << depth) - 1);
}
