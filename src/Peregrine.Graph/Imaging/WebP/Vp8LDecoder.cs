namespace Peregrine.Imaging.WebP;

/// <summary>A lossless image (RFC 9649, section 3). Pixels are ARGB in one number.</summary>
internal sealed class Vp8LDecoder
{
    private const int LengthCodes = 24, DistanceCodes = 40, MaxTransforms = 4;

    private readonly Vp8LBits _bits;

    public Vp8LDecoder(byte[] data) => _bits = new(data);

    /// <summary>Neighbourhood of the distance codes 1 to 120: upper digit rows up, lower digit 8 − columns to the left.</summary>
    private static ReadOnlySpan<byte> NearDistances =>
    [
        0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1A, 0x26, 0x2A, 0x38, 0x05, 0x37, 0x39, 0x15, 0x1B, 0x36, 0x3A, 0x25, 0x2B, 0x48, 0x04,
        0x47, 0x49, 0x14, 0x1C, 0x35, 0x3B, 0x46, 0x4A, 0x24, 0x2C, 0x58, 0x45, 0x4B, 0x34, 0x3C, 0x03, 0x57, 0x59, 0x13, 0x1D, 0x56, 0x5A, 0x23, 0x2D,
        0x44, 0x4C, 0x55, 0x5B, 0x33, 0x3D, 0x68, 0x02, 0x67, 0x69, 0x12, 0x1E, 0x66, 0x6A, 0x22, 0x2E, 0x54, 0x5C, 0x43, 0x4D, 0x65, 0x6B, 0x32, 0x3E,
        0x78, 0x01, 0x77, 0x79, 0x53, 0x5D, 0x11, 0x1F, 0x64, 0x6C, 0x42, 0x4E, 0x76, 0x7A, 0x21, 0x2F, 0x75, 0x7B, 0x31, 0x3F, 0x63, 0x6D, 0x52, 0x5E,
        0x00, 0x74, 0x7C, 0x41, 0x4F, 0x10, 0x20, 0x62, 0x6E, 0x30, 0x73, 0x7D, 0x51, 0x5F, 0x40, 0x72, 0x7E, 0x61, 0x6F, 0x50, 0x71, 0x7F, 0x60, 0x70,
    ];

    public Raster Decode()
    {
        if (_bits.Read(8) != 0x2F)
        {
            throw new InvalidImageException("its signature is missing.");
        }

        int width = _bits.Read(14) + 1, height = _bits.Read(14) + 1;
        if (_bits.Read(4) >> 1 != 0)
        {
            throw new InvalidImageException("its version is not 0.");
        }

        Raster image = new(width, height, 3);
        uint[] pixels = DecodeMain(width, height);
        for (int i = 0; i < pixels.Length; i++)
        {
            Span<byte> target = image.Samples.AsSpan(3 * i, 3);
            (target[0], target[1], target[2]) = ((byte)(pixels[i] >> 16), (byte)(pixels[i] >> 8), (byte)pixels[i]);
        }

        return image;
    }

    private uint[] DecodeMain(int width, int height)
    {
        List<Vp8LTransform> transforms = [];
        int codedWidth = width;
        while (_bits.Read(1) == 1)
        {
            Vp8LTransformKind kind = (Vp8LTransformKind)_bits.Read(2);
            if (transforms.Count == MaxTransforms || transforms.Any(t => t.Kind == kind))
            {
                throw new InvalidImageException($"the transform {kind} occurs twice.");
            }

            Vp8LTransform transform = ReadTransform(kind, codedWidth, height);
            transforms.Add(transform);
            codedWidth = kind == Vp8LTransformKind.Palette ? Blocks(codedWidth, transform.Bits) : codedWidth;
        }

        uint[] pixels = DecodePixels(codedWidth, height, isMain: true);
        for (int i = transforms.Count - 1; i >= 0; i--)
        {
            pixels = transforms[i].Undo(pixels, height);
        }

        return pixels;
    }

    private Vp8LTransform ReadTransform(Vp8LTransformKind kind, int width, int height)
    {
        switch (kind)
        {
            case Vp8LTransformKind.SubtractGreen:
                return new(kind, width, 0, []);
            case Vp8LTransformKind.Palette:
                int colours = _bits.Read(8) + 1;
                uint[] palette = DecodePixels(colours, 1, isMain: false);
                for (int i = 1; i < colours; i++)
                {
                    palette[i] = Vp8LTransform.AddChannels(palette[i], palette[i - 1]);
                }

                return new(kind, width, colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3, palette);
            default:
                int bits = _bits.Read(3) + 2;
                return new(kind, width, bits, DecodePixels(Blocks(width, bits), Blocks(height, bits), isMain: false));
        }
    }

    /// <param name="isMain">Only the main image may use several groups of codes.</param>
    private uint[] DecodePixels(int width, int height, bool isMain)
    {
        int cacheBits = _bits.Read(1) == 1 ? _bits.Read(4) : 0;
        if (cacheBits > 11)
        {
            throw new InvalidImageException($"its colour cache has {cacheBits} bits.");
        }

        int groupBits = 0, groups = 1;
        uint[] groupImage = [];
        if (isMain && _bits.Read(1) == 1)
        {
            groupBits = _bits.Read(3) + 2;
            groupImage = DecodePixels(Blocks(width, groupBits), Blocks(height, groupBits), isMain: false);
            groups = groupImage.Max(p => (int)(p >> 8 & 0xFFFF)) + 1;
        }

        Vp8LCode[][] codes = new Vp8LCode[groups][];
        for (int i = 0; i < groups; i++)
        {
            codes[i] = [Vp8LCode.Read(_bits, 256 + LengthCodes + (cacheBits > 0 ? 1 << cacheBits : 0)), Vp8LCode.Read(_bits, 256), Vp8LCode.Read(_bits, 256), Vp8LCode.Read(_bits, 256), Vp8LCode.Read(_bits, DistanceCodes)];
        }

        uint[] pixels = new uint[width * height], cache = new uint[1 << cacheBits];
        int groupsAcross = Blocks(width, groupBits);
        for (int at = 0; at < pixels.Length;)
        {
            Vp8LCode[] group = codes[groupImage.Length == 0 ? 0 : (int)(groupImage[((at / width >> groupBits) * groupsAcross) + (at % width >> groupBits)] >> 8 & 0xFFFF)];
            int symbol = group[0].Decode(_bits), count = 1;
            if (symbol < 256)
            {
                uint red = (uint)group[1].Decode(_bits), blue = (uint)group[2].Decode(_bits), alpha = (uint)group[3].Decode(_bits);
                pixels[at] = alpha << 24 | red << 16 | (uint)symbol << 8 | blue;
            }
            else if (symbol < 256 + LengthCodes)
            {
                count = Extended(symbol - 256);
                int distance = Distance(Extended(group[4].Decode(_bits)), width);
                for (int i = 0; i < count; i++)
                {
                    pixels[at + i] = pixels[at + i - distance];
                }
            }
            else
            {
                pixels[at] = cache[symbol - 256 - LengthCodes];
            }

            for (int i = 0; cacheBits > 0 && i < count; i++)
            {
                uint pixel = pixels[at + i];
                cache[unchecked(0x1E35A7BDu * pixel) >> (32 - cacheBits)] = pixel;
            }

            at += count;
        }

        return pixels;
    }

    /// <summary>A length or distance: a symbol with extra bits behind it.</summary>
    private int Extended(int symbol)
    {
        if (symbol < 4)
        {
            return symbol + 1;
        }

        int extra = (symbol - 2) >> 1;
        return ((2 + (symbol & 1)) << extra) + _bits.Read(extra) + 1;
    }

    private static int Distance(int code, int width) =>
        code > NearDistances.Length ? code - NearDistances.Length : Math.Max(1, ((NearDistances[code - 1] >> 4) * width) + 8 - (NearDistances[code - 1] & 15));

    private static int Blocks(int size, int bits) => (size + (1 << bits) - 1) >> bits;
}
