namespace Peregrine.Imaging.Jpeg;

/// <summary>The entropy coded bits of a scan, most significant first. A zero byte after 0xFF is stuffing; at a marker the bits end, and zeros follow.</summary>
internal sealed class JpegBits(ImageBytes bytes, int start)
{
    private int _current;
    private int _left;
    private int _missing;

    /// <summary>Where the next byte lies; at a marker, its 0xFF.</summary>
    public int Position { get; private set; } = start;

    public int Bit()
    {
        if (_left == 0)
        {
            _current = Next();
            _left = 8;
        }

        return (_current >> --_left) & 1;
    }

    public int Bits(int count)
    {
        int value = 0;
        for (int i = 0; i < count; i++)
        {
            value = (value << 1) | Bit();
        }

        return value;
    }

    /// <summary>A signed number of <paramref name="count"/> bits (T.81, F.2.2.1).</summary>
    public int Signed(int count)
    {
        int value = Bits(count);
        return count > 0 && value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
    }

    /// <summary>Passes over a restart marker, if one is next.</summary>
    public void Restart()
    {
        _left = 0;
        _missing = 0;
        if (bytes[Position] == 0xFF && bytes[Position + 1] is >= 0xD0 and <= 0xD7)
        {
            Position += 2;
        }
    }

    private int Next()
    {
        byte value = bytes[Position];
        if (value != 0xFF)
        {
            Position++;
            return value;
        }

        if (bytes[Position + 1] == 0)
        {
            Position += 2;
            return 0xFF;
        }

        // A scan that lost some bytes is still an image; one that lost everything must not be decoded for ever.
        return ++_missing <= 1 << 16 ? 0 : throw new InvalidImageException("its scan ends too early.");
    }
}
