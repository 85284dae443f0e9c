namespace Peregrine.Imaging.Tiff;

/// <summary>The first image file directory: tags with their numbers.</summary>
internal sealed class TiffDirectory
{
    public const int ImageWidth = 256, ImageLength = 257, BitsPerSample = 258, Compression = 259, Photometric = 262, FillOrder = 266, StripOffsets = 273, SamplesPerPixel = 277,
        RowsPerStrip = 278, StripByteCounts = 279, PlanarConfiguration = 284, Predictor = 317, ColorMap = 320, TileWidth = 322, TileLength = 323, TileOffsets = 324,
        TileByteCounts = 325, SampleFormat = 339, JpegTables = 347;

    private readonly ImageBytes _bytes;
    private readonly bool _isBig;
    private readonly Dictionary<int, (int Type, long Count, long At)> _entries = [];

    public TiffDirectory(ImageBytes bytes)
    {
        _bytes = bytes;
        _isBig = bytes[0] == 'M';
        long at = UInt32(4);
        int count = UInt16(at);
        for (int i = 0; i < count; i++)
        {
            long entry = at + 2 + (12L * i);
            int type = UInt16(entry + 2);
            long items = UInt32(entry + 4), size = items * SizeOf(type);
            _entries[UInt16(entry)] = (type, items, size <= 4 ? entry + 8 : UInt32(entry + 8));
        }
    }

    public bool IsBigEndian => _isBig;

    public bool Has(int tag) => _entries.ContainsKey(tag);

    public long Number(int tag, long? absent = null) =>
        _entries.ContainsKey(tag) ? Numbers(tag)[0] : absent ?? throw new InvalidImageException($"its tag {tag} is missing.");

    public long[] Numbers(int tag)
    {
        (int type, long count, long at) = _entries.TryGetValue(tag, out (int, long, long) entry) ? entry : throw new InvalidImageException($"its tag {tag} is missing.");
        int size = SizeOf(type);
        _ = _bytes.Slice(at, count * size);
        long[] values = new long[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = size switch
            {
                1 => _bytes.Slice(at + i, 1)[0],
                2 => UInt16(at + (2L * i)),
                4 => UInt32(at + (4L * i)),
                _ => throw new InvalidImageException($"its tag {tag} has the type {type}."),
            };
        }

        return count > 0 ? values : throw new InvalidImageException($"its tag {tag} is empty.");
    }

    public byte[] Raw(int tag) => _bytes.Slice(_entries[tag].At, _entries[tag].Count).ToArray();

    private static int SizeOf(int type) => type switch
    {
        3 or 8 => 2,
        4 or 9 or 11 or 13 => 4,
        5 or 10 or 12 => 8,
        _ => 1,
    };

    private int UInt16(long at) => _isBig ? _bytes.BigUInt16(at) : _bytes.LittleUInt16(at);

    private long UInt32(long at) => _isBig ? _bytes.BigUInt32(at) : _bytes.LittleUInt32(at);
}
