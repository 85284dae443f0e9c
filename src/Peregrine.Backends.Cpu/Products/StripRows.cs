namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// The rows of a plane cut into strips of nearly equal height. Where images are read from the layer before, which workers share by pixels, the two halves of the rows are cut apart from each other: otherwise
/// the middle of the image lies within a strip, or one worker has three strips of five, and reads from the other's caches what the other has computed.
/// </summary>
/// <param name="rows">All rows.</param>
/// <param name="most">Rows of a strip at most.</param>
/// <param name="inHalves">Whether no strip reaches across the middle, unless there is but one.</param>
internal readonly struct StripRows(long rows, int most, bool inHalves)
{
    private readonly long _middle = inHalves && rows > most ? (rows + 1) / 2 : rows;

    public int Count => Upper.Count + Lower.Count;

    private PixelParts Upper => new(_middle, most);

    private PixelParts Lower => new(rows - _middle, most);

    public (long Start, int Size) this[int strip]
    {
        get
        {
            PixelParts upper = Upper;
            if (strip < upper.Count)
            {
                return upper[strip];
            }

            (long start, int size) = Lower[strip - upper.Count];
            return (_middle + start, size);
        }
    }

    /// <summary>The strip in which a row lies.</summary>
    public int Of(long row) => row < _middle ? Upper.Of(row) : Upper.Count + Lower.Of(row - _middle);
}
