using Peregrine.Backends.Cpu.Movement;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>
/// The loops of a reduction on certain dims, outermost stored axis first, axes that run together being one. The innermost axis is either a run of contiguous elements that become one, or lanes
/// that are kept side by side; around it lie the other reduced loops, and around those the other kept ones.
/// </summary>
internal sealed class ReductionPlan
{
    /// <summary>Lanes of one unit.</summary>
    public const int LaneBlock = 64;

    private const long TileBytes = 32 << 10;

    public ReductionPlan(StoredTensor input, StoredTensor output, bool[] reduced, bool keepsDims)
    {
        List<Loop> loops = [];
        Count = 1;
        long outputs = 1;
        for (int axis = 0, at = 0; axis < reduced.Length; axis++)
        {
            long extent = input.Dims[axis];
            long target = reduced[axis] ? 0 : output.Strides[at];
            at += reduced[axis] && !keepsDims ? 0 : 1;
            Count *= reduced[axis] ? extent : 1;
            outputs *= reduced[axis] ? 1 : extent;
            if (extent != 1)
            {
                loops.Add(new(extent, input.Strides[axis], target, reduced[axis]));
            }
        }

        Kept = [];
        Reduced = [];
        Run = 1;
        if (outputs == 0)
        {
            return;
        }

        loops.Sort((a, b) => b.Source.CompareTo(a.Source));
        for (int i = loops.Count - 2; i >= 0; i--)
        {
            Loop inner = loops[i + 1];
            if (loops[i].IsReduced == inner.IsReduced && loops[i].Source == inner.Source * inner.Extent && loops[i].Target == inner.Target * inner.Extent)
            {
                loops[i] = inner with { Extent = inner.Extent * loops[i].Extent };
                loops.RemoveAt(i + 1);
            }
        }

        if (loops.Count > 0 && loops[^1].Source == 1)
        {
            if (loops[^1].IsReduced)
            {
                Run = loops[^1].Extent;
            }
            else
            {
                (Lanes, LaneStep) = (loops[^1].Extent, loops[^1].Target);
            }

            loops.RemoveAt(loops.Count - 1);
        }

        Kept = [.. loops.Where(l => !l.IsReduced)];
        Reduced = [.. loops.Where(l => l.IsReduced)];
        Rows = Reduced.Aggregate(1L, (product, loop) => product * loop.Extent);
        LaneBlocks = Lanes == 0 ? 1 : (Lanes + LaneBlock - 1) / LaneBlock;
        Units = Kept.Aggregate(LaneBlocks, (product, loop) => product * loop.Extent);
        long bytes = Rows * Math.Max(Run, Math.Min(Lanes, LaneBlock)) * sizeof(float);
        UnitsPerTile = Math.Max(Math.Max(1, TileBytes / Math.Max(bytes, 16)), Units >> 20);
        TileCount = (int)((Units + UnitsPerTile - 1) / UnitsPerTile);
    }

    public Loop[] Kept { get; }

    public Loop[] Reduced { get; }

    /// <summary>Elements that become one result.</summary>
    public long Count { get; }

    /// <summary>Contiguous elements that are reduced together; 1 with lanes.</summary>
    public long Run { get; }

    /// <summary>Results side by side; 0 where the innermost axis is reduced.</summary>
    public long Lanes { get; }

    /// <summary>Elements from one lane's result to the next.</summary>
    public long LaneStep { get; }

    public long LaneBlocks { get; }

    /// <summary>Turns of all loops in <see cref="Reduced"/>; 0 for a reduction of nothing.</summary>
    public long Rows { get; }

    public long Units { get; }

    public long UnitsPerTile { get; }

    public int TileCount { get; }

    /// <summary>An axis: its extent, and how far one turn goes in input and output.</summary>
    public readonly record struct Loop(long Extent, long Source, long Target, bool IsReduced);
}
