using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>A link of a chain as the pixels see it.</summary>
internal readonly record struct ChainSteps(PatchProblem Problem, StripShape Strips, PatchExtents Extents)
{
    public int Count => Strips.Kind == TraversalKind.Flat ? Parts.Count : RowParts.Count;

    /// <summary>The pixels of the result that strips [first, end) compute.</summary>
    public (long Begin, long End) Results(TileRange strips)
    {
        if (Strips.Kind == TraversalKind.Flat)
        {
            PixelParts parts = Parts;
            (long last, int size) = parts[strips.End - 1];
            return (parts[strips.Begin].Start, last + size);
        }

        (long begin, long end) = Rows(strips);
        return (begin * Extents.OutputWidth, end * Extents.OutputWidth);
    }

    /// <summary>The strips that compute pixels [begin, end).</summary>
    public TileRange Covering(long begin, long end)
    {
        if (Strips.Kind == TraversalKind.Flat)
        {
            PixelParts parts = Parts;
            return new(parts.Of(begin), parts.Of(end - 1) + 1);
        }

        StripRows rows = RowParts;
        return new(rows.Of(begin / Extents.OutputWidth), rows.Of((end - 1) / Extents.OutputWidth) + 1);
    }

    /// <summary>The pixels of the input that strips [first, end) read; an empty range where all their windows lie in the padding.</summary>
    public (long Begin, long End) Inputs(TileRange strips)
    {
        if (Strips.Kind == TraversalKind.Flat)
        {
            return Results(strips);
        }

        (long begin, long end) = Rows(strips);
        PatchAxis v = Problem.Vertical;
        long first = Math.Clamp((begin * v.Stride) - v.PadBegin, 0, Extents.Height), last = Math.Clamp(((end - 1) * v.Stride) - v.PadBegin + ((v.Kernel - 1L) * v.Dilation) + 1, first, Extents.Height);
        return (first * Extents.Width, last * Extents.Width);
    }

    private PixelParts Parts => new(Extents.OutputPixels, Strips.MostPixels);

    private StripRows RowParts => Strips.RowsOf(Extents.OutputHeight);

    private (long Begin, long End) Rows(TileRange strips)
    {
        StripRows rows = RowParts;
        (long last, int size) = rows[strips.End - 1];
        return (rows[strips.Begin].Start, last + size);
    }
}

/// <summary>How a chain is cut: bands of strips of the last link, and, per link but the last, how many pixels of its result are kept at a time.</summary>
internal sealed class ChainLayout
{
    private readonly ChainSteps[] _links;
    private readonly PixelParts _bands;
    private readonly long[] _windows;
    private readonly long[] _moved;

    /// <param name="stripsPerBand">The most strips of a band.</param>
    public ChainLayout(ChainSteps[] links, int stripsPerBand)
    {
        _links = links;
        _bands = new(links[^1].Count, stripsPerBand);
        _windows = new long[links.Length - 1];
        _moved = new long[links.Length - 1];
        long[] known = new long[links.Length - 1];
        for (int band = 0; band < _bands.Count; band++)
        {
            TileRange strips = Band(band);
            for (int link = links.Length - 2; link >= 0; link--)
            {
                (long begin, long end) = links[link + 1].Inputs(strips);
                if (begin == end)
                {
                    break;
                }

                strips = links[link].Covering(begin, end);
                (long first, long last) = links[link].Results(strips);
                _windows[link] = Math.Max(_windows[link], last - first);
                _moved[link] += Math.Max(0, known[link] - begin);
                known[link] = last;
            }
        }
    }

    /// <summary>Bands of an image.</summary>
    public int Bands => _bands.Count;

    public int Links => _links.Length;

    public ChainSteps this[int link] => _links[link];

    /// <summary>The pixels of a link's result that are kept.</summary>
    public long Window(int link) => _windows[link];

    /// <summary>How many pixels of a link's result two neighbouring bands both read, all bands together.</summary>
    public long Moved(int link) => _moved[link];

    /// <summary>The strips of the last link that make a band.</summary>
    public TileRange Band(int band)
    {
        (long first, int size) = _bands[band];
        return new((int)first, (int)first + size);
    }
}
