namespace Peregrine.Imaging.WebP;

internal enum Vp8LTransformKind
{
    Predictor,
    Colour,
    SubtractGreen,
    Palette,
}

/// <summary>A transform of a lossless image (RFC 9649, section 3.5) and how it is undone.</summary>
/// <param name="Width">Of the image behind the transform.</param>
/// <param name="Bits">Logarithm of the side of the blocks that share a parameter; of a palette, of the pixels in one packed pixel.</param>
internal sealed record Vp8LTransform(Vp8LTransformKind Kind, int Width, int Bits, uint[] Data)
{
    private const uint Black = 0xFF000000;

    public static uint AddChannels(uint a, uint b) => ((a & 0xFF00FF00) + (b & 0xFF00FF00) & 0xFF00FF00) | ((a & 0x00FF00FF) + (b & 0x00FF00FF) & 0x00FF00FF);

    public uint[] Undo(uint[] pixels, int height)
    {
        switch (Kind)
        {
            case Vp8LTransformKind.Predictor:
                UndoPrediction(pixels);
                return pixels;
            case Vp8LTransformKind.Palette:
                return Unpack(pixels, height);
            case Vp8LTransformKind.Colour:
                for (int i = 0; i < pixels.Length; i++)
                {
                    pixels[i] = Decorrelate(pixels[i], Data[Block(i)]);
                }

                return pixels;
            default:
                for (int i = 0; i < pixels.Length; i++)
                {
                    uint green = pixels[i] >> 8 & 0xFF;
                    pixels[i] = AddChannels(pixels[i], green << 16 | green);
                }

                return pixels;
        }
    }

    private int Block(int pixel) => ((pixel / Width >> Bits) * ((Width + (1 << Bits) - 1) >> Bits)) + (pixel % Width >> Bits);

    private uint[] Unpack(uint[] packed, int height)
    {
        uint[] pixels = new uint[Width * height];
        int packedWidth = (Width + (1 << Bits) - 1) >> Bits, depth = 8 >> Bits;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                uint index = packed[(y * packedWidth) + (x >> Bits)] >> 8 & 0xFF;
                index = index >> (depth * (x & ((1 << Bits) - 1))) & ((1u << depth) - 1);
                pixels[(y * Width) + x] = index < Data.Length ? Data[index] : 0;
            }
        }

        return pixels;
    }

    private static uint Decorrelate(uint pixel, uint multipliers)
    {
        int green = (sbyte)(pixel >> 8), red = (int)(pixel >> 16 & 0xFF), blue = (int)(pixel & 0xFF);
        red += ((sbyte)multipliers * green) >> 5;
        blue += ((sbyte)(multipliers >> 8) * green) >> 5;
        blue += ((sbyte)(multipliers >> 16) * (sbyte)red) >> 5;
        return (pixel & 0xFF00FF00) | (uint)(red & 0xFF) << 16 | (uint)(blue & 0xFF);
    }

    private void UndoPrediction(uint[] pixels)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i % Width;
            uint prediction = i == 0 ? Black
                : i < Width ? pixels[i - 1]
                : x == 0 ? pixels[i - Width]
                : Predict((int)(Data[Block(i)] >> 8 & 0xF), pixels[i - 1], pixels[i - Width], pixels[i - Width + 1], pixels[i - Width - 1]);
            pixels[i] = AddChannels(pixels[i], prediction);
        }
    }

    private static uint Predict(int mode, uint left, uint top, uint topRight, uint topLeft) => mode switch
    {
        1 => left,
        2 => top,
        3 => topRight,
        4 => topLeft,
        5 => Mean(Mean(left, topRight), top),
        6 => Mean(left, topLeft),
        7 => Mean(left, top),
        8 => Mean(topLeft, top),
        9 => Mean(top, topRight),
        10 => Mean(Mean(left, topLeft), Mean(top, topRight)),
        11 => Select(left, top, topLeft),
        12 => PerChannel(left, top, topLeft, static (l, t, c) => l + t - c),
        13 => PerChannel(Mean(left, top), topLeft, 0, static (mean, c, _) => mean + ((mean - c) / 2)),
        _ => Black,
    };

    private static uint Mean(uint a, uint b) => (((a ^ b) & 0xFEFEFEFE) >> 1) + (a & b);

    private static uint Select(uint left, uint top, uint corner)
    {
        int toLeft = 0, toTop = 0;
        for (int shift = 0; shift < 32; shift += 8)
        {
            int c = (int)(corner >> shift & 0xFF);
            toLeft += Math.Abs((int)(top >> shift & 0xFF) - c);
            toTop += Math.Abs((int)(left >> shift & 0xFF) - c);
        }

        return toLeft < toTop ? left : top;
    }

    private static uint PerChannel(uint a, uint b, uint c, Func<int, int, int, int> combine)
    {
        uint result = 0;
        for (int shift = 0; shift < 32; shift += 8)
        {
            result |= (uint)Math.Clamp(combine((int)(a >> shift & 0xFF), (int)(b >> shift & 0xFF), (int)(c >> shift & 0xFF)), 0, 255) << shift;
        }

        return result;
    }
}
