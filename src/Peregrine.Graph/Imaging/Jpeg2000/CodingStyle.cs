namespace Peregrine.Imaging.Jpeg2000;

/// <summary>How a tile-component is coded (the COD and COC segments).</summary>
internal sealed record CodingStyle
{
    /// <summary>Decompositions, 0 to 32.</summary>
    public required int Levels { get; init; }

    /// <summary>Logarithms of the sides of a code-block.</summary>
    public required int BlockWidth { get; init; }

    /// <inheritdoc cref="BlockWidth"/>
    public required int BlockHeight { get; init; }

    public required CodeBlockStyle Style { get; init; }

    /// <summary>Whether the 5/3 transform is used, in integers; else the 9/7 transform.</summary>
    public required bool IsReversible { get; init; }

    /// <summary>Per resolution, the logarithms of the sides of a precinct: width in the lower half byte.</summary>
    public required byte[] Precincts { get; init; }

    /// <param name="at">At the number of decompositions.</param>
    public static CodingStyle Read(ImageBytes bytes, int at, bool hasPrecincts)
    {
        int levels = bytes[at], blockWidth = bytes[at + 1] + 2, blockHeight = bytes[at + 2] + 2;
        if (levels > 32 || blockWidth > 10 || blockHeight > 10 || blockWidth + blockHeight > 12)
        {
            throw new InvalidImageException($"{levels} levels and code-blocks of 2^{blockWidth} x 2^{blockHeight} are outside of the standard.");
        }

        return new()
        {
            Levels = levels,
            BlockWidth = blockWidth,
            BlockHeight = blockHeight,
            Style = (CodeBlockStyle)bytes[at + 3],
            IsReversible = bytes[at + 4] == 1,
            Precincts = hasPrecincts ? bytes.Slice(at + 5, levels + 1).ToArray() : [.. Enumerable.Repeat((byte)0xFF, levels + 1)],
        };
    }
}

/// <summary>Variants of the coding passes (T.800, table A.19).</summary>
[Flags]
internal enum CodeBlockStyle
{
    None = 0,
    Bypass = 1,
    ResetContexts = 2,
    TerminateAll = 4,
    VerticallyCausal = 8,
    PredictableTermination = 16,
    SegmentationSymbols = 32,
}
