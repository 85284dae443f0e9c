namespace Peregrine.Imaging.Jpeg;

/// <summary>JPEG (ITU-T T.81) with Huffman coding, sequential and progressive, 8 bits per sample. Arithmetic coding, lossless and hierarchical frames are not read.</summary>
internal sealed class JpegDecoder
{
    private readonly ImageBytes _bytes;
    private readonly ushort[][] _quantization = [new ushort[64], new ushort[64], new ushort[64], new ushort[64]];
    private readonly JpegHuffman?[] _dcTables = new JpegHuffman?[4];
    private readonly JpegHuffman?[] _acTables = new JpegHuffman?[4];
    private JpegFrame? _frame;
    private int _restartInterval;
    private int? _adobeTransform;
    private bool _isJfif;
    private bool _hasScan;

    private JpegDecoder(ImageBytes bytes) => _bytes = bytes;

    /// <param name="tables">A stream that holds tables only (as TIFF keeps them), read first; null if there is none.</param>
    /// <param name="isRgb">Whether three components without any marker that tells are red, green and blue; otherwise they are luma and chroma.</param>
    public static Raster Decode(ImageBytes bytes, ImageBytes? tables = null, bool isRgb = false)
    {
        JpegDecoder decoder = new(bytes);
        if (tables is not null)
        {
            JpegDecoder shared = new(tables);
            shared.ReadSegments();
            shared._quantization.CopyTo(decoder._quantization, 0);
            shared._dcTables.CopyTo(decoder._dcTables, 0);
            shared._acTables.CopyTo(decoder._acTables, 0);
        }

        decoder.ReadSegments();
        return decoder.Compose(isRgb);
    }

    private void ReadSegments()
    {
        int at = 2;
        while (true)
        {
            while (_bytes[at] != 0xFF)
            {
                at++;
            }

            while (_bytes[at] == 0xFF)
            {
                at++;
            }

            int marker = _bytes[at++];
            if (marker == 0xD9)
            {
                return;
            }

            if (marker is 0 or 1 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            int length = _bytes.BigUInt16(at);
            ReadSegment(marker, at + 2, _bytes.Slice(at, length)[2..]);
            at = marker == 0xDA ? ReadScan(at + 2) : at + length;
        }
    }

    private void ReadSegment(int marker, int at, ReadOnlySpan<byte> content)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or 0xC2:
                _frame = _frame is null ? new(_bytes, at, marker == 0xC2) : throw new InvalidImageException("it has two frames.");
                break;
            case 0xC4:
                ReadHuffmanTables(content);
                break;
            case 0xDB:
                ReadQuantization(content);
                break;
            case 0xDD:
                _restartInterval = _bytes.BigUInt16(at);
                break;
            case 0xE0:
                _isJfif |= _bytes.Has(at, "JFIF\0");
                break;
            case 0xEE when _bytes.Has(at, "Adobe") && content.Length >= 12:
                _adobeTransform = content[11];
                break;
            case >= 0xC3 and <= 0xCF and not 0xC8:
                throw new InvalidImageException($"its coding (marker FF{marker:X2}) is not read.");
            default:
                break;
        }
    }

    private int ReadScan(int at)
    {
        _hasScan = true;
        return new JpegScan(_bytes, at, _frame ?? throw new InvalidImageException("a scan comes before the frame."), _dcTables, _acTables).Read(_restartInterval);
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> content)
    {
        while (content.Length > 0)
        {
            int kind = content[0], total = 0;
            foreach (byte count in content[1..17])
            {
                total += count;
            }

            (kind < 16 ? _dcTables : _acTables)[kind & 3] = new(content[1..17], content[17..(17 + total)]);
            content = content[(17 + total)..];
        }
    }

    private void ReadQuantization(ReadOnlySpan<byte> content)
    {
        while (content.Length > 0)
        {
            int size = content[0] >= 16 ? 2 : 1;
            ushort[] table = new ushort[64];
            for (int i = 0; i < 64; i++)
            {
                table[Zigzag.Natural[i]] = size == 2 ? (ushort)((content[1 + (2 * i)] << 8) | content[2 + (2 * i)]) : content[1 + i];
            }

            _quantization[content[0] & 3] = table;
            content = content[(1 + (64 * size))..];
        }
    }

    private Raster Compose(bool isRgb)
    {
        JpegFrame frame = _frame is not null && _hasScan ? _frame : throw new InvalidImageException("it has no frame with a scan.");
        byte[][] planes = [.. frame.Components.Select(c => Plane(frame, c))];
        Raster image = new(frame.Width, frame.Height, planes.Length == 1 ? 1 : 3);
        if (planes.Length == 1)
        {
            planes[0].CopyTo(image.Samples, 0);
            return image;
        }

        bool isLumaChroma = planes.Length == 4 ? _adobeTransform == 2 : IsLumaChroma(frame, isRgb);
        for (int i = 0; i < planes[0].Length; i++)
        {
            Span<byte> pixel = image.Samples.AsSpan(3 * i, 3);
            (pixel[0], pixel[1], pixel[2]) = (planes[0][i], planes[1][i], planes[2][i]);
            if (isLumaChroma)
            {
                LumaChroma.ToRgb(pixel);
            }

            if (planes.Length == 4)
            {
                ApplyInk(pixel, planes[3][i], isLumaChroma);
            }
        }

        return image;
    }

    private bool IsLumaChroma(JpegFrame frame, bool isRgb) => (_isJfif, _adobeTransform) switch
    {
        (true, _) => true,
        (_, { } transform) => transform != 0,
        _ when frame.Components is [{ Id: 'R' }, { Id: 'G' }, { Id: 'B' }] => false,
        _ => !isRgb,
    };

    /// <summary>Writers of four inks store them inverted (Adobe's convention); of YCCK, the converted colours are 255 − ink, which is the same.</summary>
    private static void ApplyInk(Span<byte> pixel, byte invertedBlack, bool isFromLuma)
    {
        for (int c = 0; c < 3; c++)
        {
            int ink = isFromLuma ? pixel[c] : 255 - pixel[c], product = (ink * invertedBlack) + 128;
            pixel[c] = (byte)(invertedBlack - (((product >> 8) + product) >> 8));
        }
    }

    private byte[] Plane(JpegFrame frame, JpegComponent component)
    {
        if (frame.MaxHorizontal % component.Horizontal != 0 || frame.MaxVertical % component.Vertical != 0)
        {
            throw new InvalidImageException("sampling factors that don't divide each other are not read.");
        }

        JpegPlane plane = new(component, _quantization[component.QuantizationTable]);
        return plane.Enlarge(frame.MaxHorizontal / component.Horizontal, frame.MaxVertical / component.Vertical, frame.Width, frame.Height);
    }
}
