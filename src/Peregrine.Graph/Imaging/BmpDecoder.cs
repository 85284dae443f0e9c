using System.Numerics;

namespace Peregrine.Imaging;

/// <summary>Windows and OS/2 bitmaps: 1, 4, 8 (also run-length coded), 16, 24 and 32 bits per pixel, palettes and bit masks, rows from the bottom or from the top.</summary>
internal static class BmpDecoder
{
    private const int Rgb = 0, Rle8 = 1, Rle4 = 2, BitFields = 3, AlphaBitFields = 6;

    public static Raster Decode(ImageBytes bytes)
    {
        uint offset = bytes.LittleUInt32(10), headerSize = bytes.LittleUInt32(14);
        bool isCore = headerSize == 12;
        if (headerSize is not (12 or >= 40 and <= 1024))
        {
            throw new InvalidImageException($"its header of {headerSize} bytes is unknown.");
        }

        int width = isCore ? bytes.LittleUInt16(18) : bytes.LittleInt32(18);
        long signedHeight = isCore ? bytes.LittleUInt16(20) : bytes.LittleInt32(22);
        int bits = bytes.LittleUInt16(isCore ? 24 : 28), compression = isCore ? Rgb : bytes.LittleInt32(30);
        Raster.CheckSize(width, Math.Abs(signedHeight));
        int height = (int)Math.Abs(signedHeight);
        Raster image = new(width, height, 3);
        int paletteAt = 14 + (int)headerSize + (headerSize == 40 && compression == BitFields ? 12 : headerSize == 40 && compression == AlphaBitFields ? 16 : 0);
        byte[] indices = [];
        switch (bits, compression)
        {
            case (1 or 2 or 4 or 8, Rgb):
                indices = PackedRows(bytes, offset, width, height, bits);
                break;
            case (4, Rle4) or (8, Rle8):
                indices = RunLengths(bytes, (int)offset, width, height, compression == Rle4);
                break;
            case (24, Rgb):
                CopyTriples(bytes, offset, image, signedHeight < 0);
                return image;
            case (16 or 32, Rgb or BitFields or AlphaBitFields):
                CopyMasked(bytes, offset, image, signedHeight < 0, bits / 8, compression == Rgb ? DefaultMasks(bits) : [bytes.LittleUInt32(54), bytes.LittleUInt32(58), bytes.LittleUInt32(62)]);
                return image;
            default:
                throw new InvalidImageException($"{bits} bits per pixel with compression {compression} are not read.");
        }

        int entrySize = isCore ? 3 : 4;
        for (int y = 0; y < height; y++)
        {
            int source = signedHeight < 0 ? y : height - 1 - y;
            for (int x = 0; x < width; x++)
            {
                ReadOnlySpan<byte> colour = bytes.Slice(paletteAt + (indices[(source * width) + x] * entrySize), 3);
                image.SetPixel(x, y, colour[2], colour[1], colour[0]);
            }
        }

        return image;
    }

    private static uint[] DefaultMasks(int bits) => bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0x00FF00, 0x0000FF];

    private static void CopyTriples(ImageBytes bytes, long offset, Raster image, bool fromTop)
    {
        long stride = ((image.Width * 3L) + 3) & ~3L;
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = bytes.Slice(offset + (stride * (fromTop ? y : image.Height - 1 - y)), image.Width * 3L);
            for (int x = 0; x < image.Width; x++)
            {
                image.SetPixel(x, y, row[(3 * x) + 2], row[(3 * x) + 1], row[3 * x]);
            }
        }
    }

    private static void CopyMasked(ImageBytes bytes, long offset, Raster image, bool fromTop, int pixelBytes, uint[] masks)
    {
        long stride = ((image.Width * (long)pixelBytes) + 3) & ~3L;
        for (int y = 0; y < image.Height; y++)
        {
            long row = offset + (stride * (fromTop ? y : image.Height - 1 - y));
            for (int x = 0; x < image.Width; x++)
            {
                uint pixel = pixelBytes == 2 ? bytes.LittleUInt16(row + (2L * x)) : bytes.LittleUInt32(row + (4L * x));
                image.SetPixel(x, y, Field(pixel, masks[0]), Field(pixel, masks[1]), Field(pixel, masks[2]));
            }
        }
    }

    /// <summary>The field's value, stretched to 0 … 255.</summary>
    private static byte Field(uint pixel, uint mask)
    {
        if (mask == 0)
        {
            return 0;
        }

        int shift = BitOperations.TrailingZeroCount(mask);
        return (byte)((ulong)((pixel & mask) >> shift) * 255 / (mask >> shift));
    }

    private static byte[] PackedRows(ImageBytes bytes, long offset, int width, int height, int bits)
    {
        byte[] indices = new byte[width * height];
        long stride = ((((long)width * bits) + 31) / 32) * 4;
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = bytes.Slice(offset + (y * stride), stride);
            for (int x = 0; x < width; x++)
            {
                int bit = x * bits;
                indices[(y * width) + x] = (byte)((row[bit >> 3] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1));
            }
        }

        return indices;
    }

    /// <summary>BI_RLE8 and BI_RLE4: (count, value) pairs; (0, 0) ends a row, (0, 1) the image, (0, 2) moves, (0, n) copies n indices.</summary>
    private static byte[] RunLengths(ImageBytes bytes, int at, int width, int height, bool isNibbles)
    {
        byte[] indices = new byte[width * height];
        int x = 0, y = 0;
        while (y < height)
        {
            int count = bytes[at], value = bytes[at + 1];
            at += 2;
            if (count > 0)
            {
                for (int i = 0; i < count; i++)
                {
                    Put(isNibbles ? ((i & 1) == 0 ? value >> 4 : value & 15) : value);
                }
            }
            else if (value == 0)
            {
                (x, y) = (0, y + 1);
            }
            else if (value == 1)
            {
                break;
            }
            else if (value == 2)
            {
                (x, y) = (x + bytes[at], y + bytes[at + 1]);
                at += 2;
            }
            else
            {
                for (int i = 0; i < value; i++)
                {
                    Put(isNibbles ? ((i & 1) == 0 ? bytes[at + (i / 2)] >> 4 : bytes[at + (i / 2)] & 15) : bytes[at + i]);
                }

                int used = isNibbles ? (value + 1) / 2 : value;
                at += (used + 1) & ~1;
            }
        }

        return indices;

        void Put(int index)
        {
            if (x < width && y < height)
            {
                indices[(y * width) + x++] = (byte)index;
            }
        }
    }
}
