namespace Peregrine.Imaging.Jpeg2000;

/// <summary>One component of a tile: its subbands, cut into precincts and code-blocks (T.800, annex B).</summary>
internal sealed class TileComponent
{
    private readonly int _index;
    private readonly CodingStyle _style;
    private readonly Quantization _quantization;
    private readonly ComponentSize _size;
    private readonly (int X0, int Y0, int X1, int Y1) _tile;
    private readonly Subband[][] _bands;

    public TileComponent(int index, (int X0, int Y0, int X1, int Y1) tile, ComponentSize size, CodingStyle style, Quantization quantization)
    {
        (_index, _tile, _size, _style, _quantization) = (index, tile, size, style, quantization);
        Area = (CeilDiv(tile.X0, size.StepX), CeilDiv(tile.Y0, size.StepY), CeilDiv(tile.X1, size.StepX), CeilDiv(tile.Y1, size.StepY));
        _bands = [.. Enumerable.Range(0, style.Levels + 1).Select(Bands)];
    }

    public (int X0, int Y0, int X1, int Y1) Area { get; }

    public CodingStyle Style => _style;

    /// <summary>Precincts of all resolutions; their number is bounded by the image's area.</summary>
    public IEnumerable<Precinct> Precincts()
    {
        for (int resolution = 0; resolution <= _style.Levels; resolution++)
        {
            int down = _style.Levels - resolution, width = _style.Precincts[resolution] & 15, height = _style.Precincts[resolution] >> 4, half = resolution > 0 ? 1 : 0;
            (int X0, int Y0, int X1, int Y1) area = Reduced(down);
            if (area.X1 <= area.X0 || area.Y1 <= area.Y0)
            {
                continue;
            }

            if (width < half || height < half)
            {
                throw new InvalidImageException("a precinct is smaller than a coefficient.");
            }

            int left = area.X0 >> width, top = area.Y0 >> height, right = (int)CeilShift(area.X1, width), bottom = (int)CeilShift(area.Y1, height);
            for (int row = top; row < bottom; row++)
            {
                for (int column = left; column < right; column++)
                {
                    // A precinct that begins outside of the tile comes with the tile's first row or column.
                    long x = (long)column << width < area.X0 ? _tile.X0 : ((long)column << (width + down)) * _size.StepX;
                    long y = (long)row << height < area.Y0 ? _tile.Y0 : ((long)row << (height + down)) * _size.StepY;
                    int c = column, r = row;
                    yield return new(_index, resolution, ((row - top) * (right - left)) + column - left, x, y, [.. _bands[resolution].Select(b => Cut(b, c, r, width - half, height - half))], _style);
                }
            }
        }
    }

    /// <summary>Puts the subbands together: the samples of the area, before the colour transform.</summary>
    public double[] Synthesise()
    {
        double[] low = _bands[0][0].Values;
        for (int resolution = 1; resolution <= _style.Levels; resolution++)
        {
            low = InverseWavelet.Synthesise(Reduced(_style.Levels - resolution), low, _bands[resolution], _style.IsReversible);
        }

        return low;
    }

    private PrecinctBand Cut(Subband band, int column, int row, int width, int height)
    {
        (int X0, int Y0, int X1, int Y1) area = (
            (int)Math.Max(band.Area.X0, (long)column << width),
            (int)Math.Max(band.Area.Y0, (long)row << height),
            (int)Math.Min(band.Area.X1, (column + 1L) << width),
            (int)Math.Min(band.Area.Y1, (row + 1L) << height));
        return new(band, area, Math.Min(_style.BlockWidth, width), Math.Min(_style.BlockHeight, height));
    }

    private Subband[] Bands(int resolution)
    {
        if (resolution == 0)
        {
            return [Band(0, 0, Reduced(_style.Levels))];
        }

        int level = _style.Levels - resolution + 1;
        Subband[] bands = new Subband[3];
        for (int orientation = 1; orientation <= 3; orientation++)
        {
            long x = (long)(orientation & 1) << (level - 1), y = (long)(orientation >> 1) << (level - 1);
            bands[orientation - 1] = Band(
                (3 * (resolution - 1)) + orientation,
                orientation,
                ((int)CeilShift(Area.X0 - x, level), (int)CeilShift(Area.Y0 - y, level), (int)CeilShift(Area.X1 - x, level), (int)CeilShift(Area.Y1 - y, level)));
        }

        return bands;
    }

    private Subband Band(int index, int orientation, (int X0, int Y0, int X1, int Y1) area)
    {
        (int exponent, int mantissa) = _quantization.Of(index);
        int planes = _quantization.GuardBits + exponent - 1, gain = orientation switch { 0 => 0, 3 => 2, _ => 1 };
        if (planes is < 0 or > 30)
        {
            throw new InvalidImageException($"a subband has {planes} bit planes.");
        }

        return new(orientation, area) { BitPlanes = planes, Step = _style.IsReversible ? 1 : Math.ScaleB(1 + (mantissa / 2048.0), _size.Bits + gain - exponent) };
    }

    private (int X0, int Y0, int X1, int Y1) Reduced(int level) => ((int)CeilShift(Area.X0, level), (int)CeilShift(Area.Y0, level), (int)CeilShift(Area.X1, level), (int)CeilShift(Area.Y1, level));

    private static int CeilDiv(int value, int divisor) => (int)((value + (long)divisor - 1) / divisor);

    private static long CeilShift(long value, int shift) => -(-value >> shift);
}

/// <summary>What the SIZ segment tells of a component.</summary>
/// <param name="StepX">Columns of the reference grid per sample.</param>
internal readonly record struct ComponentSize(int Bits, bool IsSigned, int StepX, int StepY);
