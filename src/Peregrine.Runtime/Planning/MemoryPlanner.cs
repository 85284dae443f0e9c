using System.Numerics;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Planning;

/// <summary>How hard the planner tries when the first order misses the lower bound.</summary>
public enum PlanningEffort
{
    /// <summary>A few fixed orders: for a context that binds other shapes than before.</summary>
    Quick,
    /// <summary>The orders of <see cref="Quick"/>, then a bounded number of improvements, some milliseconds: for the first shapes of a context, mostly its only ones.</summary>
    Thorough,
}

/// <summary>
/// Gives every buffer its offset in one arena, so that buffers that are live at the same step never share a byte.
/// </summary>
/// <remarks>
/// Buffers that are written in place of one another form a chain with one offset. Chains are placed one by one, each into the tightest gap
/// between what is already placed and live at the same time (greedy best fit by size and by breadth: Pisarchyk and Lee, "Efficient Memory
/// Management for Deep Neural Net Inference", 2020), in several orders; the lowest peak wins, the earlier order on a tie, and an order that
/// meets the lower bound ends the search. With <see cref="PlanningEffort.Thorough"/> the chain that forms the peak is then moved forward in the
/// best order, or one of the largest to the other end of its room, again and again, and kept there if the peak does not grow. In the end buffers
/// are aligned with each other for the workers' sake, which may cost 4 % of the lower bound. Sizes count in whole units of 64 bytes. Everything is deterministic.
/// <para>An instance keeps its working memory and is not thread-safe; planning again with it allocates nothing once that memory is large enough.</para>
/// </remarks>
public sealed partial class MemoryPlanner
{
    /// <summary>Offsets and the peak are multiples of this many bytes, and so are sizes once placed.</summary>
    public const int Unit = 64;

    /// <summary>Steps are numbered below this.</summary>
    public const int MaximumSteps = 1 << 24;

    private const int ImprovementBudget = 200_000;
    private const int MaximumImprovements = 200;
    private const int MostTurned = 32;

    private readonly ArenaPlacement _placement = new();
    private int _chainCount;
    private int[] _head = [];
    private int[] _next = [];
    private int[] _tail = [];
    private int[] _order = [];
    private int[] _bestOrder = [];
    private bool[] _isHigh = [];
    private Int128[] _keys = [];
    private long[] _chainOffset = [];
    private long[] _bestOffset = [];
    private long[] _live = [];

    /// <summary>Fills in the offset of each request.</summary>
    /// <param name="offsets">One per request; receives bytes from the start of the arena. An empty buffer has offset 0 and occupies nothing.</param>
    /// <exception cref="BackendException">The buffers together have more than 2^62 bytes.</exception>
    public MemoryPlan Plan(ReadOnlySpan<BufferRequest> requests, Span<long> offsets, PlanningEffort effort = PlanningEffort.Quick)
    {
        if (offsets.Length != requests.Length)
        {
            throw new ArgumentException($"There are {requests.Length} requests but {offsets.Length} offsets.", nameof(offsets));
        }

        int steps = Check(requests);
        Reserve(requests.Length, steps);
        FormChains(requests);
        _isHigh.AsSpan(0, _chainCount).Clear();
        long lowerBound = FindLowerBound(requests, steps);
        long peak = long.MaxValue;
        for (PlacementOrder order = 0; order <= PlacementOrder.FirstStep && peak > lowerBound; order++)
        {
            Arrange(requests, order);
            Try(requests, tightest: true, ref peak);
        }

        if (effort == PlanningEffort.Thorough && peak > lowerBound)
        {
            Improve(requests, lowerBound, ref peak);
        }

        AlignHalves(requests, lowerBound, ref peak);
        for (int chain = 0; chain < _chainCount; chain++)
        {
            for (int i = _head[chain]; i >= 0; i = _next[i])
            {
                offsets[i] = Units(requests[i].Size) == 0 ? 0 : _bestOffset[chain];
            }
        }

        return new MemoryPlan(peak, lowerBound);
    }

    private enum PlacementOrder
    {
        Size,
        Breadth,
        Area,
        FirstStep,
    }

    private static long Units(long size) => (size + Unit - 1) & -Unit;

    private static int Check(ReadOnlySpan<BufferRequest> requests)
    {
        int steps = 0;
        ulong total = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            BufferRequest request = requests[i];
            bool inPlaceIsSound = request.InPlaceOf == -1
                || (request.InPlaceOf >= 0 && request.InPlaceOf < i && requests[request.InPlaceOf].LastStep == request.FirstStep);
            if (request.Size < 0 || request.FirstStep < 0 || request.LastStep < request.FirstStep || request.LastStep >= MaximumSteps
                || !BitOperations.IsPow2(request.Alignment) || !inPlaceIsSound)
            {
                throw new ArgumentException($"Buffer request {i} contradicts itself: {request}.", nameof(requests));
            }

            const ulong Maximum = 1ul << 62;
            total += Math.Min((ulong)request.Size, Maximum) + (ulong)request.Alignment + Unit;
            if (total > Maximum)
            {
                throw new BackendException("The buffers of this engine need more than 2^62 bytes together; bind smaller shapes.");
            }

            steps = Math.Max(steps, request.LastStep + 1);
        }

        return steps;
    }

    private void Reserve(int count, int steps)
    {
        if (_head.Length < count)
        {
            int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)count);
            _head = new int[capacity];
            _next = new int[capacity];
            _tail = new int[capacity];
            _order = new int[capacity];
            _bestOrder = new int[capacity];
            _isHigh = new bool[capacity];
            _keys = new Int128[capacity];
            _chainOffset = new long[capacity];
            _bestOffset = new long[capacity];
        }

        if (_live.Length < steps + 1)
        {
            _live = new long[(int)BitOperations.RoundUpToPowerOf2((uint)steps + 1)];
        }
    }

    private void FormChains(ReadOnlySpan<BufferRequest> requests)
    {
        // _tail maps the last request of a chain to the chain; a request that already has a successor is no tail any more.
        _chainCount = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            _next[i] = -1;
            int replaced = requests[i].InPlaceOf;
            if (replaced >= 0 && _next[replaced] < 0)
            {
                _next[replaced] = i;
                _tail[i] = _tail[replaced];
            }
            else
            {
                _head[_chainCount] = i;
                _tail[i] = _chainCount++;
            }
        }
    }

    private long FindLowerBound(ReadOnlySpan<BufferRequest> requests, int steps)
    {
        Array.Clear(_live, 0, steps + 1);
        for (int chain = 0; chain < _chainCount; chain++)
        {
            // At a step where one buffer replaces another (or several do) both are live in one place: the larger counts.
            int sharedStep = -1;
            long sharedSize = 0;
            for (int i = _head[chain]; i >= 0; i = _next[i])
            {
                (int first, int last, long size) = (requests[i].FirstStep, requests[i].LastStep, Units(requests[i].Size));
                sharedSize = sharedStep == first ? Math.Max(sharedSize, size) : size;
                sharedStep = first;
                if (last > first)
                {
                    AddLive(first, first, sharedSize);
                    AddLive(first + 1, last - 1, size);
                    (sharedStep, sharedSize) = (last, size);
                }
            }

            AddLive(sharedStep, sharedStep, sharedSize);
        }

        long bound = 0;
        long live = 0;
        for (int step = 0; step < steps; step++)
        {
            live += _live[step];
            _live[step] = live;
            bound = Math.Max(bound, live);
        }

        return bound;
    }

    private void AddLive(int first, int last, long size)
    {
        if (first <= last)
        {
            _live[first] += size;
            _live[last + 1] -= size;
        }
    }

    // Sorts the chains; keys are negated where the largest goes first.
    private void Arrange(ReadOnlySpan<BufferRequest> requests, PlacementOrder order)
    {
        for (int chain = 0; chain < _chainCount; chain++)
        {
            int first = requests[_head[chain]].FirstStep;
            int last = first;
            long size = 0;
            for (int i = _head[chain]; i >= 0; i = _next[i])
            {
                last = requests[i].LastStep;
                size = Math.Max(size, Units(requests[i].Size));
            }

            Int128 key = order switch
            {
                PlacementOrder.Size => -((Int128)size * MaximumSteps + (last - first)),
                PlacementOrder.Breadth => -(((Int128)(Breadth(first, last) / Unit) << 40) + Math.Min(size / Unit, (1L << 40) - 1)),
                PlacementOrder.Area => -(Int128)size * (last - first + 1),
                _ => ((Int128)first << 63) - size,
            };
            _order[chain] = chain;
            // Span.Sort is not stable, so the chain's number is part of the key, which so far has less than 103 bits.
            _keys[chain] = (key << 24) + chain;
        }

        _keys.AsSpan(0, _chainCount).Sort(_order.AsSpan(0, _chainCount));
    }

    private long Breadth(int first, int last)
    {
        long breadth = 0;
        foreach (long live in _live.AsSpan(first, last - first + 1))
        {
            breadth = Math.Max(breadth, live);
        }

        return breadth;
    }

    /// <summary>Places all chains in the current order and keeps the result if its peak is below <paramref name="peak"/>.</summary>
    private bool Try(ReadOnlySpan<BufferRequest> requests, bool tightest, ref long peak, bool acceptEqual = false)
    {
        _placement.Clear(requests.Length);
        for (int k = 0; k < _chainCount; k++)
        {
            int chain = _order[k];
            long alignment = BlockOthers(requests, chain);
            Place(requests, chain, _placement.FindOffset(alignment, tightest, isOrdered: _next[_head[chain]] < 0, _isHigh[chain]));
            if (_placement.Peak > peak || (_placement.Peak == peak && !acceptEqual))
            {
                return false;
            }
        }

        peak = _placement.Peak;
        (_chainOffset, _bestOffset) = (_bestOffset, _chainOffset);
        Array.Copy(_order, _bestOrder, _chainCount);
        return true;
    }

    /// <summary>Notes the offsets that a chain cannot have because of those placed so far.</summary>
    /// <returns>What its offset has to be a multiple of.</returns>
    private long BlockOthers(ReadOnlySpan<BufferRequest> requests, int chain)
    {
        _placement.BeginSearch();
        long alignment = Unit;
        for (int i = _head[chain]; i >= 0; i = _next[i])
        {
            long size = Units(requests[i].Size);
            alignment = Math.Max(alignment, requests[i].Alignment);
            if (size > 0)
            {
                _placement.Block(size, requests[i].FirstStep, requests[i].LastStep);
            }
        }

        return alignment;
    }

    private void Place(ReadOnlySpan<BufferRequest> requests, int chain, long offset)
    {
        _chainOffset[chain] = offset;
        for (int i = _head[chain]; i >= 0; i = _next[i])
        {
            long size = Units(requests[i].Size);
            if (size > 0)
            {
                _placement.Add(offset, size, requests[i].FirstStep, requests[i].LastStep);
            }
        }
    }

    private void Improve(ReadOnlySpan<BufferRequest> requests, long lowerBound, ref long peak)
    {
        uint random = 2463534242;
        int rounds = Math.Clamp(ImprovementBudget / Math.Max(_chainCount, 1), 8, MaximumImprovements);
        for (int round = 0; round < rounds && peak > lowerBound; round++)
        {
            Array.Copy(_bestOrder, _order, _chainCount);
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            if ((round & 1) == 0)
            {
                // One of the first, for those are large, goes to the other end of its room, and leaves a gap in one piece.
                ref bool isHigh = ref _isHigh[_order[(int)(random % (uint)Math.Min(_chainCount, MostTurned))]];
                isHigh = !isHigh;
                isHigh ^= !Try(requests, tightest: true, ref peak, acceptEqual: true);
                continue;
            }

            int at = PositionOfPeak(requests, peak);
            // Half of the time to the very front, otherwise somewhere on the way.
            int target = (random & 1) == 0 ? 0 : (int)((random >> 1) % (uint)Math.Max(at, 1));
            int chain = _order[at];
            Array.Copy(_order, target, _order, target + 1, at - target);
            _order[target] = chain;
            Try(requests, tightest: (round & 7) != 7, ref peak, acceptEqual: true);
        }
    }

    private int PositionOfPeak(ReadOnlySpan<BufferRequest> requests, long peak)
    {
        for (int k = _chainCount - 1; k >= 0; k--)
        {
            int chain = _bestOrder[k];
            for (int i = _head[chain]; i >= 0; i = _next[i])
            {
                if (_bestOffset[chain] + Units(requests[i].Size) == peak)
                {
                    return k;
                }
            }
        }

        return 0;
    }
}
