using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// Where the sums of a tile are cut. A float32 sum of n products in one go loses about sqrt(n) roundings' worth, for each addition rounds the sum of all products before it; sums over blocks of products, added
/// up afterwards, lose as much as the blocks have products. A block ends at the same places of a row of a patch in every tile of a problem, so that a result does not depend on the tile that computes it.
/// </summary>
/// <param name="RowLength">Floats in a row of a patch.</param>
/// <param name="Length">Floats in a block within a row; no smaller than a row that is one block.</param>
/// <param name="EndsRows">Whether the end of a row ends a block.</param>
/// <param name="RowsOfBlock">Rows of one float that make a block; 0 where rows are longer.</param>
internal sealed record SumBlocks(int RowLength, int Length, bool EndsRows, int RowsOfBlock)
{
    // Each end of a block costs a few cycles; half as many products in a block would gain a quarter of what is left of the error.
    private const int Typical = 192, Longest = 256, FewestOfRow = 64, Multiple = 4;

    /// <summary>The fewest products in one of several blocks of a row, if the row can be cut so.</summary>
    public const int Shortest = 128;

    /// <summary>Whether there is more than one block.</summary>
    public bool Any => EndsRows || Length < RowLength || RowsOfBlock > 0;

    public static SumBlocks Of(DotTile tile)
    {
        int total = tile.Runs.Sum(r => r.Length), row = tile.RowLength > 0 ? tile.RowLength : total;
        int length = LengthFor(row);
        return new(row, length, row >= FewestOfRow && (tile.RepeatsRows || row < total), tile.RepeatsRows && row == 1 ? Typical : 0);
    }

    /// <summary>Blocks of one length are one loop with one body; where a row has no such, the last block is shorter and has a body of its own.</summary>
    private static int LengthFor(int row)
    {
        int length = row;
        double best = row <= Longest ? Distance(row) : double.MaxValue;
        for (int count = row / Longest; count <= row / Shortest; count++)
        {
            if (count > 1 && row % (count * Multiple) == 0 && Distance(row / count) < best)
            {
                (length, best) = (row / count, Distance(row / count));
            }
        }

        int parts = (row + (Typical / 2)) / Typical;
        return best < double.MaxValue || parts < 2 ? length : (((row + parts - 1) / parts) + Multiple - 1) / Multiple * Multiple;

        static double Distance(int length) => Math.Max((double)length / Typical, (double)Typical / Math.Max(1, length));
    }

    /// <summary>The first end of a block behind a place; rows follow one another.</summary>
    public int EndAfter(int at)
    {
        int inRow = at % RowLength, row = at - inRow, end = inRow - (inRow % Length) + Length;
        return end < RowLength ? row + end : EndsRows ? row + RowLength : int.MaxValue;
    }

    /// <summary>The runs of a tile, cut where blocks end; the last block of all is open where the tile knows which it is.</summary>
    public IEnumerable<(int Offset, int Length, bool EndsBlock)> Stretches(DotTile tile)
    {
        int at = 0, total = tile.Runs.Sum(r => r.Length);
        foreach (DotRun run in tile.Runs)
        {
            for (int begin = at, end = at + run.Length; at < end;)
            {
                int length = Math.Min(end, EndAfter(at)) - at, offset = run.Offset + ((at - begin) * tile.FloatStep);
                at += length;
                yield return (offset, length, IsEnd(at) && (tile.RepeatsRows || at < total));
            }
        }
    }

    /// <summary>Whether a block ends here.</summary>
    public bool IsEnd(int at) => at > 0 && EndAfter(at - 1) == at;

    /// <summary>Whether a block ends behind <paramref name="begin"/> and at most at <paramref name="end"/>.</summary>
    public bool HasEnd(int begin, int end) => end > begin && EndAfter(begin) <= end;

    /// <summary>Whole blocks of <see cref="Length"/> between two places, if the first of them begins a block.</summary>
    public int WholeFrom(int at, int end)
    {
        int inRow = at % RowLength;
        // A loop over blocks moves on by whole turns of the loop within.
        if (!Any || inRow % Length != 0 || Length % Multiple != 0)
        {
            return 0;
        }

        // Where blocks fill the rows they follow one another across them.
        bool isUniform = EndsRows && RowLength % Length == 0;
        return (isUniform ? end - at : Length < RowLength ? Math.Min(end - at, RowLength - inRow) : 0) / Length;
    }
}

/// <summary>The registers in which a tile sums, and the room on the stack for the sums over blocks.</summary>
internal sealed class DotSums
{
    private readonly KernelBuilder _builder;
    private readonly int _firstSlot;

    public DotSums(KernelBuilder builder, int pixels, int vectors, SumBlocks blocks)
    {
        (_builder, Blocks, Registers) = (builder, blocks, new VReg[pixels, vectors]);
        for (int i = 0; i < Registers.Length; i++)
        {
            VReg sum = Registers[i / vectors, i % vectors] = builder.Zero();
            if (blocks.Any)
            {
                int slot = builder.Slot();
                _firstSlot = i == 0 ? slot : _firstSlot;
                builder.StoreSlot(slot, sum);
            }
        }
    }

    public SumBlocks Blocks { get; }

    /// <summary>By pixel and vector.</summary>
    public VReg[,] Registers { get; }

    /// <summary>Ends a block: adds the registers to what lies on the stack, and begins anew.</summary>
    public void Put()
    {
        int slot = _firstSlot;
        foreach (VReg sum in Registers)
        {
            _builder.AddSlot(sum, slot);
            _builder.StoreSlot(slot++, sum);
            _builder.Clear(sum);
        }
    }

    /// <summary>The registers with all blocks added.</summary>
    public VReg[,] Results()
    {
        int slot = _firstSlot;
        foreach (VReg sum in Blocks.Any ? Registers : new VReg[0, 0])
        {
            _builder.AddSlot(sum, slot++);
        }

        return Registers;
    }
}
