namespace Peregrine.Imaging.Jpeg2000;

/// <summary>The coefficients of one orientation at one resolution.</summary>
internal sealed class Subband
{
    /// <param name="orientation">Bit 0: high-pass across, bit 1: high-pass down.</param>
    public Subband(int orientation, (int X0, int Y0, int X1, int Y1) area)
    {
        Orientation = orientation;
        Area = area;
        if (Width > 0 && Height > 0)
        {
            Raster.CheckSize(Width, Height);
            Values = new double[Width * Height];
        }
    }

    public int Orientation { get; }

    public (int X0, int Y0, int X1, int Y1) Area { get; }

    public int Width => Area.X1 - Area.X0;

    public int Height => Area.Y1 - Area.Y0;

    public double[] Values { get; } = [];

    /// <summary>Bit planes of a coefficient, the missing upper ones of a code-block included.</summary>
    public required int BitPlanes { get; init; }

    /// <summary>What a quantised coefficient of 1 stands for.</summary>
    public required double Step { get; init; }
}

/// <summary>The code-blocks of a subband in one precinct, with the trees of their packet headers.</summary>
internal sealed class PrecinctBand
{
    public PrecinctBand(Subband band, (int X0, int Y0, int X1, int Y1) area, int blockWidth, int blockHeight)
    {
        Band = band;
        if (area.X1 <= area.X0 || area.Y1 <= area.Y0)
        {
            (Inclusion, ZeroBitPlanes) = (new(0, 0), new(0, 0));
            return;
        }

        int left = area.X0 >> blockWidth, top = area.Y0 >> blockHeight, right = (area.X1 + (1 << blockWidth) - 1) >> blockWidth, bottom = (area.Y1 + (1 << blockHeight) - 1) >> blockHeight;
        Columns = right - left;
        Blocks = new CodeBlock[Columns * (bottom - top)];
        for (int i = 0; i < Blocks.Length; i++)
        {
            int column = left + (i % Columns), row = top + (i / Columns);
            Blocks[i] = new(
                Math.Max(area.X0, column << blockWidth), Math.Max(area.Y0, row << blockHeight), Math.Min(area.X1, (column + 1) << blockWidth), Math.Min(area.Y1, (row + 1) << blockHeight));
        }

        (Inclusion, ZeroBitPlanes) = (new(Columns, bottom - top), new(Columns, bottom - top));
    }

    public Subband Band { get; }

    public int Columns { get; }

    public CodeBlock[] Blocks { get; } = [];

    public TagTree Inclusion { get; }

    public TagTree ZeroBitPlanes { get; }
}

/// <summary>A precinct: what one packet per layer belongs to.</summary>
/// <param name="X">Where it comes in a progression by position, on the reference grid.</param>
internal sealed record Precinct(int Component, int Resolution, int Index, long X, long Y, PrecinctBand[] Bands, CodingStyle Style);
