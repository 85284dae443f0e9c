namespace Peregrine.Imaging.Jpeg2000;

/// <summary>Bits of a packet header, most significant first; after 0xFF a byte has seven (T.800, B.10.1).</summary>
internal sealed class PacketBits(ReadOnlyMemory<byte> data)
{
    private int _current;
    private int _left;

    /// <summary>The next byte to read.</summary>
    public int Position { get; private set; }

    public int Bit()
    {
        if (_left == 0)
        {
            _left = _current == 0xFF ? 7 : 8;
            _current = Position < data.Length ? data.Span[Position] : throw new InvalidImageException("a packet header ends too early.");
            Position++;
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

    /// <summary>Ends the header on a byte; a stuffed byte after a last 0xFF belongs to it.</summary>
    public void Align()
    {
        if (_current == 0xFF)
        {
            Position++;
        }

        (_left, _current) = (0, 0);
    }
}
