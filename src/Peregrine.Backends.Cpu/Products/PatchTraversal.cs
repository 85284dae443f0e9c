using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>How the pixels of a result are walked.</summary>
internal enum TraversalKind
{
    /// <summary>As one long row: patches are single pixels.</summary>
    Flat,
    /// <summary>Row by row of each plane, each in parts.</summary>
    Rows,
    /// <summary>In blocks of several rows of a plane, each in parts.</summary>
    RowBlocks,
}

/// <summary>The pixels of one register tile, relative to its first, and what of their patches is padding.</summary>
/// <param name="Skipped">Per row and column of the kernel (row-major) one bit per pixel; empty if nothing is padding.</param>
/// <param name="RepeatsRows">The caller says which rows of the kernel lie inside the image; all pixels are in one row.</param>
/// <param name="InputWidth">Pixels in a row of the input, where more than one row matters to the tile's code.</param>
internal sealed record PatchTile(ValueList<(long Y, long X)> Pixels, ValueList<ulong> Skipped, bool RepeatsRows, long InputWidth, long OutputWidth, int Columns)
{
    /// <summary>Bytes from the tile's source pointer to the patch of each pixel.</summary>
    public Ints InputOffsets(PatchProblem problem, int pixelBytes) =>
        Ints.From(Pixels.Select(p => checked((p.Y * problem.Vertical.Stride * InputWidth) + (p.X * problem.Horizontal.Stride)) * pixelBytes));

    /// <summary>Bytes from the tile's first pixel in the result to each.</summary>
    public Ints OutputOffsets(long pixelStride) => Ints.From(Pixels.Select(p => ((p.Y * OutputWidth) + p.X) * pixelStride * sizeof(float)));

    /// <summary>Rows in which the pixels lie.</summary>
    public int PixelRows => checked((int)(Pixels[^1].Y + 1));

    /// <summary>The operands of the epilogue as this tile sees them.</summary>
    public ValueList<DotOperand> Operands(PatchProblem problem) =>
        ValueList.From(problem.Operands.Select(o => new DotOperand(o.PerChannel, o.PixelStride == 0 ? Ints.Empty : OutputOffsets(o.PixelStride * problem.Placement.StepX))));

    public ulong SkippedAt(int row, int column) => Skipped.Count == 0 ? 0 : Skipped[(row * Columns) + column];
}

/// <summary>How the strips of a traversal lie in the result, and how they read their input.</summary>
/// <param name="MostPixels">The most pixels of a tile, in one row.</param>
/// <param name="Rows">The most rows of a strip, where strips are rows.</param>
/// <param name="InHalves">Whether no strip of several rows reaches across the middle of a plane.</param>
internal readonly record struct StripShape(TraversalKind Kind, bool IsPadded, bool ReadsPlanes, int MostPixels, int Rows, bool InHalves = false)
{
    // More would be too much code: every position in a kernel has a body of its own.
    private const int MostColumns = 16;
    public const int MostUnrolledPositions = 25;
    private const int FewChannels = 4;

    /// <inheritdoc cref="PatchTraversal.Of"/>
    public static StripShape Of(PatchProblem problem, int most, bool padFewChannels, bool padAll = false, int blockRows = 1)
    {
        bool readsPlanes = !padAll && problem.CanReadPlanes && problem.Horizontal.Kernel <= MostColumns;
        bool isWide = problem.Horizontal.Kernel > MostColumns, hasShortRuns = padFewChannels && problem.Channels <= FewChannels && problem.Horizontal.Kernel > 1;
        bool isPadded = !readsPlanes && (problem.InputStride == 0 || (!problem.IsPointwise && (padAll || !problem.IsSpatialStatic || hasShortRuns || isWide)));
        if (!isPadded && !readsPlanes && problem.IsPointwise)
        {
            return new(TraversalKind.Flat, isPadded, readsPlanes, most, 1);
        }

        long? width = problem.Horizontal.Output;
        bool hasBlocks = blockRows > 1 || (width * 2 <= most && problem.Vertical.Kernel * problem.Horizontal.Kernel <= MostUnrolledPositions);
        return !isPadded && !problem.Placement.IsSparse && problem.Vertical.Output > 1 && hasBlocks
            ? new(TraversalKind.RowBlocks, isPadded, readsPlanes, most, blockRows > 1 ? blockRows : (int)Math.Min(problem.Vertical.Output!.Value, most / width!.Value), InHalves: blockRows > 1)
            : new(TraversalKind.Rows, isPadded, readsPlanes, most, 1);
    }

    /// <summary>The rows of each strip of a plane, where pixels are not one long row.</summary>
    public StripRows RowsOf(long height) => new(height, Rows, InHalves);
}

/// <summary>The order in which a result's pixels are walked: strips, which workers share, made of tiles, each with one of a few codes.</summary>
internal sealed class PatchTraversal
{
    private readonly PatchProblem _problem;
    private readonly int _most;
    private readonly List<PatchTile> _tiles = [];
    // Which code: by size (Flat, and rows of extents known at run time), by part of a row (Rows) or by block and part (RowBlocks).
    private readonly int[] _codes;

    private PatchTraversal(PatchProblem problem, int most, bool padFewChannels, bool padAll, int blockRows)
    {
        (_problem, _most) = (problem, most);
        Strips = StripShape.Of(problem, most, padFewChannels, padAll, blockRows);
        if (Kind == TraversalKind.Flat)
        {
            long? length = !problem.IsSpatialStatic ? null : problem.MergesImages ? problem.Images * problem.TypicalPixels : problem.TypicalPixels;
            _codes = BySize(length);
            return;
        }

        long? width = problem.Horizontal.Output;
        if (Kind == TraversalKind.RowBlocks)
        {
            StripRows blocks = Strips.RowsOf(problem.Vertical.Output!.Value);
            PixelParts parts = new(width!.Value, most);
            _codes = [.. from block in Enumerable.Range(0, blocks.Count) from part in Enumerable.Range(0, parts.Count) select Number(Block(blocks[block], parts[part]))];
        }
        else if (IsPadded)
        {
            _codes = BySize(width);
        }
        else
        {
            PixelParts parts = new(width!.Value, most);
            _codes = [.. Enumerable.Range(0, parts.Count).Select(i => Number(RowPart(parts[i].Start, parts[i].Size)))];
        }
    }

    /// <summary>How strips lie in the result.</summary>
    public StripShape Strips { get; }

    public TraversalKind Kind => Strips.Kind;

    /// <summary>Whether images are first copied with their padding.</summary>
    public bool IsPadded => Strips.IsPadded;

    /// <summary>Whether tiles read a row-major image as it is; pixels then lie side by side, in as many planes as there are channels.</summary>
    public bool ReadsPlanes => Strips.ReadsPlanes;

    /// <summary>The distinct tiles; each has its own code.</summary>
    public IReadOnlyList<PatchTile> Tiles => _tiles;

    /// <param name="most">Pixels of a tile, in one row where it has several of <paramref name="blockRows"/>.</param>
    /// <param name="padFewChannels">Whether images of few channels are padded, so that a row of a patch is one run.</param>
    /// <param name="padAll">Whether all images are padded, unless patches are single pixels: no tile touches padding.</param>
    /// <param name="blockRows">Rows of a tile where extents are known, at most, in both halves of a plane; 1 for single rows, or as many whole rows as a tile holds.</param>
    public static PatchTraversal Of(PatchProblem problem, int most, bool padFewChannels, bool padAll = false, int blockRows = 1) => new(problem, most, padFewChannels, padAll, blockRows);

    /// <summary>Strips of one image.</summary>
    public long StripCount(PatchExtents e) => Kind == TraversalKind.Flat ? new PixelParts(e.OutputPixels, _most).Count : e.OutputDepth * StripsOfPlane(e);

    /// <summary>Strips of one plane, where pixels are not one long row.</summary>
    public long StripsOfPlane(PatchExtents e) => Kind == TraversalKind.RowBlocks ? Strips.RowsOf(e.OutputHeight).Count : e.OutputHeight;

    /// <summary>The first row of a strip of a plane; 0 of one long row.</summary>
    public long FirstRow(PatchExtents e, long strip) => Kind switch
    {
        TraversalKind.Flat => 0,
        TraversalKind.RowBlocks => Strips.RowsOf(e.OutputHeight)[(int)strip].Start,
        _ => strip,
    };

    /// <summary>Tiles of one strip.</summary>
    public int TilesOfStrip(PatchExtents e) => Kind != TraversalKind.Flat ? new PixelParts(e.OutputWidth, _most).Count : 1;

    /// <summary>How many tiles, from this on along its row of pixels, have the same code.</summary>
    public int EqualTiles(PatchExtents e, long strip, int part)
    {
        if (Kind == TraversalKind.Flat)
        {
            return new PixelParts(e.OutputPixels, _most).EqualFrom((int)strip);
        }

        PixelParts parts = new(e.OutputWidth, _most);
        if (IsPadded)
        {
            return parts.EqualFrom(part);
        }

        long row = Kind == TraversalKind.Rows ? 0 : strip * parts.Count;
        int end = part + 1;
        while (end < parts.Count && _codes[row + end] == _codes[row + part])
        {
            end++;
        }

        return end - part;
    }

    /// <summary>The first pixel of a tile, and the number of its code.</summary>
    public (long X, int Code) TileAt(PatchExtents e, long strip, int part)
    {
        switch (Kind)
        {
            case TraversalKind.Flat:
                (long start, int size) = new PixelParts(e.OutputPixels, _most)[(int)strip];
                return (start, _codes[size - 1]);
            default:
                PixelParts parts = new(e.OutputWidth, _most);
                (start, size) = parts[part];
                return (start, IsPadded ? _codes[size - 1] : Kind == TraversalKind.Rows ? _codes[part] : _codes[(strip * parts.Count) + part]);
        }
    }

    private int[] BySize(long? length)
    {
        int[] codes = new int[_most];
        Array.Fill(codes, -1);
        foreach (int size in length is { } known ? new PixelParts(known, _most).Sizes : Enumerable.Range(1, _most))
        {
            codes[size - 1] = Number(new(ValueList.From(Enumerable.Range(0, size).Select(i => (0L, (long)i))), [], IsPadded, 0, 0, _problem.Horizontal.Kernel));
        }

        return codes;
    }

    private PatchTile RowPart(long start, int size)
    {
        ulong[] skipped = new ulong[_problem.Horizontal.Kernel];
        for (int column = 0; column < skipped.Length; column++)
        {
            for (int i = 0; i < size; i++)
            {
                skipped[column] |= IsPadding(_problem.Horizontal, start + i, column) ? 1ul << i : 0;
            }
        }

        // Every row of the kernel skips the same columns.
        return new(ValueList.From(Enumerable.Range(0, size).Select(i => (0L, (long)i))), ValueList.From(skipped), true, 0, 0, skipped.Length);
    }

    private PatchTile Block((long Start, int Size) rows, (long Start, int Size) columns)
    {
        PatchAxis v = _problem.Vertical, h = _problem.Horizontal;
        (long Y, long X)[] pixels = [.. from y in Enumerable.Range(0, rows.Size) from x in Enumerable.Range(0, columns.Size) select ((long)y, (long)x)];
        ulong[] skipped = new ulong[v.Kernel * h.Kernel];
        for (int position = 0; position < skipped.Length; position++)
        {
            for (int i = 0; i < pixels.Length; i++)
            {
                skipped[position] |= IsPadding(v, rows.Start + pixels[i].Y, position / h.Kernel) || IsPadding(h, columns.Start + pixels[i].X, position % h.Kernel) ? 1ul << i : 0;
            }
        }

        return new(ValueList.From(pixels), ValueList.From(skipped), false, h.Input!.Value, h.Output!.Value, h.Kernel);
    }

    private static bool IsPadding(PatchAxis axis, long output, int kernel) => (output * axis.Stride) - axis.PadBegin + (kernel * axis.Dilation) is var at && (at < 0 || at >= axis.Input);

    private int Number(PatchTile tile)
    {
        int known = _tiles.IndexOf(tile);
        if (known < 0)
        {
            _tiles.Add(tile);
        }

        return known < 0 ? _tiles.Count - 1 : known;
    }
}
