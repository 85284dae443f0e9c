namespace Peregrine.Imaging.Jpeg2000;

/// <summary>A rectangle of coefficients that is coded by itself, and what the packets brought of it.</summary>
internal sealed class CodeBlock(int x0, int y0, int x1, int y1)
{
    public int X0 { get; } = x0;

    public int Y0 { get; } = y0;

    public int Width { get; } = x1 - x0;

    public int Height { get; } = y1 - y0;

    public bool IsIncluded { get; set; }

    public int ZeroBitPlanes { get; set; }

    /// <summary>Bits that a length takes, before what the number of passes adds.</summary>
    public int LengthBits { get; set; } = 3;

    /// <summary>Pieces that the arithmetic decoder starts anew on.</summary>
    public List<CodeSegment> Segments { get; } = [];

    /// <summary>The piece that the next passes belong to.</summary>
    public CodeSegment NextSegment(CodeBlockStyle style)
    {
        if (Segments.Count > 0 && Segments[^1].Passes < Segments[^1].MaxPasses)
        {
            return Segments[^1];
        }

        // With bypass the first ten passes are one piece; then two raw passes and one clean-up pass take turns.
        int most = style.HasFlag(CodeBlockStyle.TerminateAll) ? 1
            : !style.HasFlag(CodeBlockStyle.Bypass) ? int.MaxValue
            : Segments.Count == 0 ? 10 : Segments[^1].MaxPasses is 1 or 10 ? 2 : 1;
        CodeSegment segment = new(most);
        Segments.Add(segment);
        return segment;
    }
}

/// <summary>A piece of a code-block's data.</summary>
internal sealed class CodeSegment(int maxPasses)
{
    public int MaxPasses { get; } = maxPasses;

    public int Passes { get; set; }

    public List<ReadOnlyMemory<byte>> Data { get; } = [];

    public ReadOnlyMemory<byte> Joined()
    {
        if (Data.Count == 1)
        {
            return Data[0];
        }

        byte[] joined = new byte[Data.Sum(d => d.Length)];
        int at = 0;
        foreach (ReadOnlyMemory<byte> piece in Data)
        {
            piece.CopyTo(joined.AsMemory(at));
            at += piece.Length;
        }

        return joined;
    }
}
