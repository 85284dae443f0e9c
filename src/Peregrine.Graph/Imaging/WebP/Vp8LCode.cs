namespace Peregrine.Imaging.WebP;

/// <summary>A canonical prefix code of up to 15 bits (RFC 9649, section 3.7.2.1). A code of one symbol takes no bits.</summary>
internal sealed class Vp8LCode
{
    private static ReadOnlySpan<byte> LengthOrder => [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    private readonly int[] _counts = new int[16];
    private readonly int[] _symbols;
    private readonly int? _only;

    private Vp8LCode(ReadOnlySpan<byte> lengths)
    {
        int[] next = new int[17];
        int used = 0, last = 0;
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] > 0)
            {
                _counts[lengths[symbol]]++;
                (used, last) = (used + 1, symbol);
            }
        }

        _only = used <= 1 ? last : null;
        for (int length = 1, space = 1; length <= 15; length++)
        {
            next[length + 1] = next[length] + _counts[length];
            space = (space << 1) - _counts[length];
            if (used > 1 && (space < 0 || (length == 15 && space != 0)))
            {
                throw new InvalidImageException("a prefix code is not complete.");
            }
        }

        _symbols = new int[used];
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] > 0)
            {
                _symbols[next[lengths[symbol]]++] = symbol;
            }
        }
    }

    public int Decode(Vp8LBits bits)
    {
        if (_only is { } symbol)
        {
            return symbol;
        }

        int code = 0, first = 0, index = 0;
        for (int length = 1; length <= 15; length++)
        {
            code |= bits.Read(1);
            int count = _counts[length];
            if (code - first < count)
            {
                return _symbols[index + code - first];
            }

            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }

        throw new InvalidImageException("a prefix code does not exist.");
    }

    public static Vp8LCode Read(Vp8LBits bits, int alphabet)
    {
        byte[] lengths = new byte[alphabet];
        if (bits.Read(1) == 1)
        {
            bool hasTwo = bits.Read(1) == 1;
            lengths[bits.Read(bits.Read(1) == 1 ? 8 : 1)] = 1;
            if (hasTwo)
            {
                lengths[bits.Read(8)] = 1;
            }

            return new(lengths);
        }

        byte[] codeLengths = new byte[19];
        int count = 4 + bits.Read(4);
        for (int i = 0; i < count; i++)
        {
            codeLengths[LengthOrder[i]] = (byte)bits.Read(3);
        }

        ReadLengths(bits, new(codeLengths), lengths);
        return new(lengths);
    }

    private static void ReadLengths(Vp8LBits bits, Vp8LCode code, Span<byte> lengths)
    {
        int left = bits.Read(1) == 1 ? 2 + bits.Read(2 + (2 * bits.Read(3))) : lengths.Length;
        byte previous = 8;
        for (int symbol = 0; symbol < lengths.Length && left > 0; left--)
        {
            int length = code.Decode(bits);
            if (length < 16)
            {
                lengths[symbol++] = (byte)length;
                previous = length > 0 ? (byte)length : previous;
                continue;
            }

            int repeats = length switch { 16 => 3 + bits.Read(2), 17 => 3 + bits.Read(3), _ => 11 + bits.Read(7) };
            lengths.Slice(symbol, repeats).Fill(length == 16 ? previous : (byte)0);
            symbol += repeats;
        }
    }
}
