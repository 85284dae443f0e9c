namespace Peregrine.Imaging.Jpeg;

/// <summary>One colour component: how it is sampled, and its quantised coefficients.</summary>
internal sealed class JpegComponent(int id, int horizontal, int vertical, int quantizationTable)
{
    public int Id { get; } = id;

    /// <summary>Sampling factor, 1 to 4.</summary>
    public int Horizontal { get; } = horizontal;

    /// <summary>Sampling factor, 1 to 4.</summary>
    public int Vertical { get; } = vertical;

    public int QuantizationTable { get; } = quantizationTable;

    /// <summary>Samples that belong to the image.</summary>
    public int Width { get; private set; }

    /// <inheritdoc cref="Width"/>
    public int Height { get; private set; }

    /// <summary>Blocks that hold samples of the image: what a scan of this component alone contains.</summary>
    public int BlockColumns { get; private set; }

    /// <inheritdoc cref="BlockColumns"/>
    public int BlockRows { get; private set; }

    /// <summary>Blocks in a row, filled up to whole units of the interleaved scan.</summary>
    public int BlockStride { get; private set; }

    /// <summary>64 per block in natural (not zigzag) order.</summary>
    public short[] Coefficients { get; private set; } = [];

    /// <summary>The last DC value of the running scan.</summary>
    public int Prediction { get; set; }

    public void Allocate(JpegFrame frame)
    {
        Width = Ceiling(frame.Width * Horizontal, frame.MaxHorizontal);
        Height = Ceiling(frame.Height * Vertical, frame.MaxVertical);
        (BlockColumns, BlockRows) = (Ceiling(Width, 8), Ceiling(Height, 8));
        BlockStride = frame.UnitColumns * Horizontal;
        Coefficients = new short[checked(BlockStride * frame.UnitRows * Vertical * 64)];
    }

    public Span<short> Block(int row, int column) => Coefficients.AsSpan(((row * BlockStride) + column) * 64, 64);

    private static int Ceiling(int a, int b) => (a + b - 1) / b;
}
