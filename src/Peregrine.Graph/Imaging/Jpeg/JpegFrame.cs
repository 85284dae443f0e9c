namespace Peregrine.Imaging.Jpeg;

/// <summary>What a frame header (SOF0, SOF1, SOF2) tells.</summary>
internal sealed class JpegFrame
{
    /// <param name="at">Behind the segment's length.</param>
    public JpegFrame(ImageBytes bytes, int at, bool isProgressive)
    {
        IsProgressive = isProgressive;
        (Height, Width) = (bytes.BigUInt16(at + 1), bytes.BigUInt16(at + 3));
        Raster.CheckSize(Width, Height);
        int count = bytes[at + 5];
        if (bytes[at] != 8 || count is not (1 or 3 or 4))
        {
            throw new InvalidImageException($"{bytes[at]} bits and {count} components are not read.");
        }

        Components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            int entry = at + 6 + (3 * i), sampling = bytes[entry + 1];
            Components[i] = new(bytes[entry], sampling >> 4, sampling & 15, bytes[entry + 2]);
            if (Components[i].Horizontal is < 1 or > 4 || Components[i].Vertical is < 1 or > 4 || Components[i].QuantizationTable > 3)
            {
                throw new InvalidImageException($"component {i} has the sampling factors {sampling:X2} and the table {Components[i].QuantizationTable}.");
            }
        }

        MaxHorizontal = Components.Max(c => c.Horizontal);
        MaxVertical = Components.Max(c => c.Vertical);
        UnitColumns = (Width + (8 * MaxHorizontal) - 1) / (8 * MaxHorizontal);
        UnitRows = (Height + (8 * MaxVertical) - 1) / (8 * MaxVertical);
        foreach (JpegComponent component in Components)
        {
            component.Allocate(this);
        }
    }

    public bool IsProgressive { get; }

    public int Width { get; }

    public int Height { get; }

    public JpegComponent[] Components { get; }

    public int MaxHorizontal { get; }

    public int MaxVertical { get; }

    /// <summary>Interleaved units (MCUs) in a row.</summary>
    public int UnitColumns { get; }

    /// <summary>Rows of interleaved units.</summary>
    public int UnitRows { get; }
}
