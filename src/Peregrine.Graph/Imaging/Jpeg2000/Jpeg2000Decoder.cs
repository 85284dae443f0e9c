using Peregrine.Imaging.Jpeg;

namespace Peregrine.Imaging.Jpeg2000;

/// <summary>JPEG 2000 (ITU-T T.800), a bare codestream or in a JP2 file. Palettes are not read.</summary>
internal static class Jpeg2000Decoder
{
    private const int LumaChromaSpace = 18;

    public static Raster Decode(ImageBytes bytes)
    {
        (int start, int space) = bytes.Has(0, "\u00ff\u004f") ? (0, 0) : FindCodestream(bytes);
        Codestream stream = new(bytes, start);
        (int x0, int y0, int x1, int y1) = stream.Area;
        int channels = stream.Components.Length >= 3 ? 3 : 1, width = x1 - x0, height = y1 - y0;
        Raster image = new(width, height, channels);
        foreach ((TileComponent component, int index, double[] samples) in stream.Decode())
        {
            if (index < channels)
            {
                Place(image, x0, y0, stream.Components[index], index, component.Area, samples);
            }
        }

        for (int i = 0; space == LumaChromaSpace && channels == 3 && i < image.Samples.Length; i += 3)
        {
            LumaChroma.ToRgb(image.Samples.AsSpan(i, 3));
        }

        return image;
    }

    private static (int Start, int Space) FindCodestream(ImageBytes bytes)
    {
        int space = 0;
        for (long at = 0; ;)
        {
            long size = bytes.BigUInt32(at), header = 8;
            if (size == 1)
            {
                (size, header) = (((long)bytes.BigUInt32(at + 8) << 32) | bytes.BigUInt32(at + 12), 16);
            }

            string kind = System.Text.Encoding.Latin1.GetString(bytes.Slice(at + 4, 4));
            switch (kind)
            {
                case "jp2c":
                    return (checked((int)(at + header)), space);
                case "jp2h":
                    at += header;
                    continue;
                case "colr" when bytes.Slice(at + header, 1)[0] == 1:
                    space = (int)bytes.BigUInt32(at + header + 3);
                    break;
                case "pclr":
                    throw new InvalidImageException("palettes are not read.");
                default:
                    break;
            }

            at += size >= header ? size : throw new InvalidImageException($"the box {kind} has {size} bytes.");
        }
    }

    /// <summary>Writes a tile's samples to all pixels that they stand for.</summary>
    private static void Place(Raster image, int x0, int y0, ComponentSize size, int channel, (int X0, int Y0, int X1, int Y1) area, double[] samples)
    {
        int stride = area.X1 - area.X0, lowest = size.IsSigned ? -(1 << (size.Bits - 1)) : 0, offset = size.IsSigned ? 0 : 1 << (size.Bits - 1);
        for (int y = Math.Max(0, (area.Y0 * size.StepY) - y0); y < Math.Min(image.Height, ((long)area.Y1 * size.StepY) - y0); y++)
        {
            for (int x = Math.Max(0, (area.X0 * size.StepX) - x0); x < Math.Min(image.Width, ((long)area.X1 * size.StepX) - x0); x++)
            {
                int row = ((y + y0) / size.StepY) - area.Y0, column = ((x + x0) / size.StepX) - area.X0;
                double value = Math.Clamp(Math.Round(samples[(row * stride) + column]) + offset, lowest, lowest + (1 << size.Bits) - 1) - lowest;
                image.Samples[(((y * image.Width) + x) * image.Channels) + channel] = (byte)(size.Bits > 8 ? (int)value >> (size.Bits - 8) : (int)value << (8 - size.Bits));
            }
        }
    }
}
