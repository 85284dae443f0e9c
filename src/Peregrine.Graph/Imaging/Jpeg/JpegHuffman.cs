namespace Peregrine.Imaging.Jpeg;

/// <summary>A canonical Huffman code (ITU-T T.81, Annex C), decoded bit by bit as in F.2.2.3.</summary>
internal sealed class JpegHuffman
{
    private readonly int[] _firstCode = new int[17];
    private readonly int[] _firstIndex = new int[17];
    private readonly byte[] _counts;
    private readonly byte[] _symbols;

    /// <param name="counts">How many codes of 1 to 16 bits.</param>
    public JpegHuffman(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _counts = counts.ToArray();
        _symbols = symbols.ToArray();
        int code = 0, index = 0;
        for (int length = 1; length <= 16; length++)
        {
            (_firstCode[length], _firstIndex[length]) = (code, index);
            code = (code + _counts[length - 1]) << 1;
            index += _counts[length - 1];
        }
    }

    public int Decode(JpegBits bits)
    {
        int code = 0;
        for (int length = 1; length <= 16; length++)
        {
            code = (code << 1) | bits.Bit();
            int offset = code - _firstCode[length];
            if (offset >= 0 && offset < _counts[length - 1])
            {
                return _symbols[_firstIndex[length] + offset];
            }
        }

        throw new InvalidImageException("a Huffman code does not exist.");
    }
}
