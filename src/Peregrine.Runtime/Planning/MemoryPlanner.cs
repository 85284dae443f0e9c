using System.Numerics;
using System.Runtime.InteropServices;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Planning;

/// <summary>
/// Gives every buffer its offset in one arena, so that buffers that are live at the same step never share a byte.
/// </summary>
/// <remarks>
/// Buffers that are written in place of one another form a chain with one offset. Chains are placed one by one, each into the tightest gap
/// between what is already placed and live at the same time (greedy best fit, as in Pisarchyk and Lee, "Efficient memory management for deep
/// neural net inference", 2020), in several orders; the lowest peak wins, an earlier order on a tie. The first order whose peak equals the
/// lower bound ends the search; otherwise the chain that forms the peak is moved to the front and the best order is tried again, a fixed
/// number of times. Sizes count in whole units of 64 bytes. Everything is deterministic.
/// <para>An instance keeps its working memory and is not thread-safe; planning again with it allocates nothing once that memory is large enough.</para>
/// </remarks>
public sealed class MemoryPlanner
{
    /// <summary>Offsets and the peak are multiples of this many bytes.</summary>
    public const int Unit = 64;

    private readonly ArenaPlacement _placement = new();
    private readonly long[] _candidate2 = [];
    private int[] _chainOf = [];
    private int[] _order = [];
    private int[] _bestOrder = [];
    private long[] _keys = [];
    private long[] _offsets = [];
    private long[] _bestOffsets = [];
    private long[] _live = [];
}
