using System.Buffers.Binary;
using Peregrine.Imaging.Jpeg;

namespace Peregrine.Imaging.Tiff;

/// <summary>
/// TIFF 6.0: bilevel, grey, palette, RGB, CMYK and (with JPEG) YCbCr images of 1 to 16 bits in strips or tiles, together or in planes; uncompressed, LZW, Deflate, PackBits, JPEG.
/// Fax codings and the old JPEG form are not read.
/// </summary>
internal sealed class TiffDecoder
{
    private const int WhiteIsZero = 0, BlackIsZero = 1, Rgb = 2, Palette = 3, Inks = 5, LumaChromaModel = 6;

    private readonly ImageBytes _bytes;
    private readonly TiffDirectory _tags;
    private readonly int _width;
    private readonly int _height;
    private readonly int _samples;
    private readonly int _bits;
    private readonly int _compression;
    private readonly int _photometric;
    private readonly bool _isPlanar;

    private TiffDecoder(ImageBytes bytes)
    {
        _bytes = bytes;
        _tags = new(bytes);
        long width = _tags.Number(TiffDirectory.ImageWidth), height = _tags.Number(TiffDirectory.ImageLength);
        Raster.CheckSize(width, height);
        (_width, _height) = ((int)width, (int)height);
        _samples = (int)_tags.Number(TiffDirectory.SamplesPerPixel, 1);
        long[] bits = _tags.Has(TiffDirectory.BitsPerSample) ? _tags.Numbers(TiffDirectory.BitsPerSample) : [1];
        _bits = (int)bits[0];
        _compression = (int)_tags.Number(TiffDirectory.Compression, TiffCompression.None);
        _photometric = (int)_tags.Number(TiffDirectory.Photometric);
        _isPlanar = _tags.Number(TiffDirectory.PlanarConfiguration, 1) == 2 && _samples > 1;
        int needed = _photometric switch { WhiteIsZero or BlackIsZero or Palette => 1, Rgb or LumaChromaModel => 3, Inks => 4, _ => 99 };
        if (_samples < needed || _samples > 16 || bits.Any(b => b != _bits) || _bits is not (1 or 2 or 4 or 8 or 16) || (needed > 1 && _bits < 8)
            || (_photometric == Palette && _bits > 8) || (_photometric == LumaChromaModel && _compression != TiffCompression.Jpeg)
            || _tags.Number(TiffDirectory.SampleFormat, 1) != 1 || _tags.Number(TiffDirectory.FillOrder, 1) != 1)
        {
            throw new InvalidImageException($"{_samples} samples of {_bits} bits with the colour model {_photometric} are not read.");
        }
    }

    public static Raster Decode(ImageBytes bytes) => new TiffDecoder(bytes).Read();

    private Raster Read()
    {
        bool isTiled = _tags.Has(TiffDirectory.TileOffsets);
        long partWidth = isTiled ? _tags.Number(TiffDirectory.TileWidth) : _width;
        long partHeight = isTiled ? _tags.Number(TiffDirectory.TileLength) : Math.Min(_tags.Number(TiffDirectory.RowsPerStrip, _height), _height);
        Raster.CheckSize(partWidth, partHeight);
        long[] offsets = _tags.Numbers(isTiled ? TiffDirectory.TileOffsets : TiffDirectory.StripOffsets);
        int sizesTag = isTiled ? TiffDirectory.TileByteCounts : TiffDirectory.StripByteCounts;
        long[] sizes = _tags.Has(sizesTag) ? _tags.Numbers(sizesTag) : [_bytes.Length - offsets[0]];
        int across = (int)((_width + partWidth - 1) / partWidth), down = (int)((_height + partHeight - 1) / partHeight), planes = _isPlanar ? _samples : 1;
        if (offsets.Length < (long)across * down * planes || sizes.Length < (long)across * down * planes)
        {
            throw new InvalidImageException($"{offsets.Length} of {(long)across * down * planes} strips or tiles are there.");
        }

        Raster image = new(_width, _height, _photometric is WhiteIsZero or BlackIsZero ? 1 : 3);
        long[] palette = _photometric == Palette ? _tags.Numbers(TiffDirectory.ColorMap) : [];
        for (int row = 0; row < down; row++)
        {
            for (int column = 0; column < across; column++)
            {
                int top = (int)(row * partHeight), left = (int)(column * partWidth);
                // The last strip holds what is left of the image; tiles are always whole.
                int rows = isTiled ? (int)partHeight : Math.Min((int)partHeight, _height - top);
                byte[][] parts = new byte[planes][];
                for (int plane = 0; plane < planes; plane++)
                {
                    int index = (((plane * down) + row) * across) + column;
                    parts[plane] = Part(_bytes.Memory(offsets[index], sizes[index]), (int)partWidth, rows);
                }

                Place(image, parts, palette, left, top, (int)partWidth, rows);
            }
        }

        return image;
    }

    /// <summary>The samples of a strip or tile, 8 bits each (fewer bits keep their value).</summary>
    private byte[] Part(ReadOnlyMemory<byte> packed, int width, int rows)
    {
        int samples = _isPlanar ? 1 : _samples;
        if (_compression == TiffCompression.Jpeg)
        {
            ImageBytes? tables = _tags.Has(TiffDirectory.JpegTables) ? new(_tags.Raw(TiffDirectory.JpegTables)) : null;
            Raster part = JpegDecoder.Decode(new(packed.ToArray()), tables, isRgb: _photometric == Rgb);
            return part.Width >= width && part.Height >= rows && part.Channels == samples ? part.Samples : throw new InvalidImageException("a JPEG strip has another size than its place.");
        }

        int rowBytes = checked((int)((((long)width * samples * _bits) + 7) / 8));
        byte[] raw = new byte[checked(rowBytes * rows)];
        TiffCompression.Unpack(_compression, packed, raw);
        if (_tags.Number(TiffDirectory.Predictor, 1) == 2 && _bits >= 8)
        {
            for (int row = 0; row < rows; row++)
            {
                AddDifferences(raw.AsSpan(row * rowBytes, rowBytes), samples);
            }
        }

        byte[] values = new byte[width * rows * samples];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> source = raw.AsSpan(row * rowBytes, rowBytes);
            for (int i = 0; i < width * samples; i++)
            {
                int bit = i * _bits;
                values[(row * width * samples) + i] = _bits switch
                {
                    8 => source[i],
                    16 => source[(2 * i) + (_tags.IsBigEndian ? 0 : 1)],
                    _ => (byte)((source[bit >> 3] >> (8 - _bits - (bit & 7))) & ((1 << _bits) - 1)),
                };
            }
        }

        return values;
    }

    private void AddDifferences(Span<byte> row, int samples)
    {
        if (_bits == 8)
        {
            for (int i = samples; i < row.Length; i++)
            {
                row[i] += row[i - samples];
            }

            return;
        }

        for (int i = samples; i < row.Length / 2; i++)
        {
            Span<byte> sample = row.Slice(2 * i, 2), before = row.Slice(2 * (i - samples), 2);
            if (_tags.IsBigEndian)
            {
                BinaryPrimitives.WriteUInt16BigEndian(sample, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(sample) + BinaryPrimitives.ReadUInt16BigEndian(before)));
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(sample, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(sample) + BinaryPrimitives.ReadUInt16LittleEndian(before)));
            }
        }
    }

    private void Place(Raster image, byte[][] parts, long[] palette, int left, int top, int width, int rows)
    {
        int step = _isPlanar ? 1 : _samples, entries = palette.Length / 3, largest = (1 << Math.Min(_bits, 8)) - 1;
        for (int y = 0; y < rows && top + y < image.Height; y++)
        {
            for (int x = 0; x < width && left + x < image.Width; x++)
            {
                int at = ((y * width) + x) * step, place = ((top + y) * image.Width) + left + x;
                switch (_photometric)
                {
                    case WhiteIsZero or BlackIsZero:
                        int value = parts[0][at] * 255 / largest;
                        image.Samples[place] = (byte)(_photometric == WhiteIsZero ? 255 - value : value);
                        break;
                    case Palette:
                        int entry = parts[0][at];
                        image.SetPixel(left + x, top + y, (byte)(palette[entry] >> 8), (byte)(palette[entries + entry] >> 8), (byte)(palette[(2 * entries) + entry] >> 8));
                        break;
                    case Inks:
                        int rest = 255 - Sample(3);
                        image.SetPixel(left + x, top + y, Mix(Sample(0), rest), Mix(Sample(1), rest), Mix(Sample(2), rest));
                        break;
                    default:
                        image.SetPixel(left + x, top + y, Sample(0), Sample(1), Sample(2));
                        break;
                }

                byte Sample(int index) => _isPlanar ? parts[index][at] : parts[0][at + index];
            }
        }
    }

    private static byte Mix(int ink, int rest)
    {
        int product = (ink * rest) + 128;
        return (byte)(rest - (((product >> 8) + product) >> 8));
    }
}
