namespace Peregrine.Imaging.WebP;

/// <summary>VP8's arithmetic decoder (RFC 6386, section 7): one bit at a time, each with the probability (in 256ths) of a zero. Behind the data come zeros.</summary>
internal sealed class Vp8Bits(ReadOnlyMemory<byte> data)
{
    private uint _range = 255;
    private uint _value = (uint)((At(data, 0) << 8) | At(data, 1));
    private int _shifted;
    private int _next = 2;

    public int Bit(int probability)
    {
        uint split = 1 + (((_range - 1) * (uint)probability) >> 8), bound = split << 8;
        int bit = _value >= bound ? 1 : 0;
        if (bit == 1)
        {
            _range -= split;
            _value -= bound;
        }
        else
        {
            _range = split;
        }

        while (_range < 128)
        {
            _value <<= 1;
            _range <<= 1;
            if (++_shifted == 8)
            {
                _shifted = 0;
                _value |= At(data, _next++);
            }
        }

        return bit;
    }

    public bool Flag() => Bit(128) == 1;

    public int Number(int bits)
    {
        int value = 0;
        for (int i = 0; i < bits; i++)
        {
            value = (value << 1) | Bit(128);
        }

        return value;
    }

    /// <summary>A magnitude of <paramref name="bits"/> bits and a sign.</summary>
    public int Signed(int bits)
    {
        int magnitude = Number(bits);
        return Flag() ? -magnitude : magnitude;
    }

    /// <summary>A flag, and behind it a signed number if it is set; else 0.</summary>
    public int OptionalSigned(int bits) => Flag() ? Signed(bits) : 0;

    private static uint At(ReadOnlyMemory<byte> data, int index) => index < data.Length ? data.Span[index] : 0u;
}
