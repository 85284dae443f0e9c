namespace Peregrine.Runtime.Planning;

public sealed partial class MemoryPlanner
{
    // What keeping halves together may cost in memory, of the lower bound.
    private const double Slack = 0.04;

    // Smaller buffers change hands in less time than a step takes to begin.
    private const long SmallestAligned = 32 << 10;

    // Less of all bytes is not worth more search.
    private const double Enough = 0.01;

    // Buffers near in time whose halves count when one is placed.
    private const int Neighbours = 32;

    // The time grows with the square of their number.
    private const int MostAligned = 1024;
    private const int MaximumSweeps = 6;

    private readonly WorkerHalves _halves = new();
    private readonly int[] _neighbours = new int[Neighbours];
    private readonly int[] _distances = new int[Neighbours];
    private int[] _inTime = [];
    private int[] _firstStep = [];
    private int[] _lastStep = [];
    private long[] _size = [];

    /// <summary>
    /// Looks for a plan that needs hardly more memory than the lower bound and in which buffers that lie across each other in the arena have their middles in one place, so that memory stays in the caches
    /// of the workers that wrote it (<see cref="WorkerHalves"/>). Chains are placed in the same orders as before, each where its halves cross those of its neighbours in time least; where all these plans
    /// are too large, the best one so far stays. Then chains are shifted one by one.
    /// </summary>
    private void AlignHalves(ReadOnlySpan<BufferRequest> requests, long lowerBound, ref long peak)
    {
        long total = DescribeChains(requests);
        if (_chainCount > MostAligned || total < 4 * SmallestAligned)
        {
            return;
        }

        long budget = Math.Max(peak, Units(lowerBound + (long)(lowerBound * Slack))), handedOver = HandedOver(_bestOffset, peak);
        for (PlacementOrder order = 0; order <= PlacementOrder.FirstStep && handedOver > total * Enough; order++)
        {
            Arrange(requests, order);
            if (PlaceAligned(requests, budget))
            {
                KeepIfBetter(_placement.Peak, ref peak, ref handedOver);
            }
        }

        for (int sweep = 0; sweep < MaximumSweeps && handedOver > total * Enough; sweep++)
        {
            Array.Copy(_bestOffset, _chainOffset, _chainCount);
            Arrange(requests, PlacementOrder.Size);
            for (int k = 0; k < _chainCount; k++)
            {
                Shift(requests, _order[k], budget);
            }

            long end = 0;
            for (int chain = 0; chain < _chainCount; chain++)
            {
                end = Math.Max(end, _chainOffset[chain] + _size[chain]);
            }

            if (!KeepIfBetter(end, ref peak, ref handedOver))
            {
                break;
            }
        }
    }

    /// <summary>Keeps the offsets found last if fewer bytes change hands than by the best.</summary>
    private bool KeepIfBetter(long found, ref long peak, ref long handedOver)
    {
        if (HandedOver(_chainOffset, found) is var handed && handed >= handedOver)
        {
            return false;
        }

        (peak, handedOver) = (found, handed);
        (_chainOffset, _bestOffset) = (_bestOffset, _chainOffset);
        return true;
    }

    /// <summary>Moves one chain to where its halves cross those of its neighbours least, with all others where they are.</summary>
    private void Shift(ReadOnlySpan<BufferRequest> requests, int chain, long budget)
    {
        if (_size[chain] < SmallestAligned)
        {
            return;
        }

        _placement.BeginSearch();
        for (int other = 0; other < _chainCount; other++)
        {
            if (other != chain && _size[other] > 0 && _firstStep[other] <= _lastStep[chain] && _lastStep[other] >= _firstStep[chain])
            {
                _placement.BlockBy(_chainOffset[other], _size[other], _size[chain]);
            }
        }

        long alignment = Unit;
        for (int i = _head[chain]; i >= 0; i = _next[i])
        {
            alignment = Math.Max(alignment, requests[i].Alignment);
        }

        long offset = AlignedOffset(chain, _chainCount, alignment, budget);
        if (offset + _size[chain] <= budget)
        {
            _chainOffset[chain] = offset;
        }
    }

    /// <summary>Life, size and order in time of each chain.</summary>
    /// <returns>Bytes of all together.</returns>
    private long DescribeChains(ReadOnlySpan<BufferRequest> requests)
    {
        if (_inTime.Length < _head.Length)
        {
            (_inTime, _firstStep, _lastStep, _size) = (new int[_head.Length], new int[_head.Length], new int[_head.Length], new long[_head.Length]);
        }

        long total = 0;
        for (int chain = 0; chain < _chainCount; chain++)
        {
            (_firstStep[chain], _lastStep[chain], _size[chain]) = (requests[_head[chain]].FirstStep, 0, 0);
            for (int i = _head[chain]; i >= 0; i = _next[i])
            {
                (_lastStep[chain], _size[chain]) = (requests[i].LastStep, Math.Max(_size[chain], Units(requests[i].Size)));
            }

            total += _size[chain];
            _inTime[chain] = chain;
            _keys[chain] = ((Int128)_firstStep[chain] << 24) + chain;
        }

        _keys.AsSpan(0, _chainCount).Sort(_inTime.AsSpan(0, _chainCount));
        return total;
    }

    private long HandedOver(long[] offsets, long peak)
    {
        _halves.Begin(peak);
        for (int run = 0; run < 2; run++)
        {
            _halves.Repeat();
            for (int k = 0; k < _chainCount; k++)
            {
                _halves.Write(offsets[_inTime[k]], _size[_inTime[k]]);
            }
        }

        return _halves.HandedOver;
    }

    /// <summary>Places all chains in the current order; false if that exceeds the budget.</summary>
    private bool PlaceAligned(ReadOnlySpan<BufferRequest> requests, long budget)
    {
        _placement.Clear(requests.Length);
        for (int k = 0; k < _chainCount; k++)
        {
            int chain = _order[k];
            long alignment = BlockOthers(requests, chain);
            Place(requests, chain, _size[chain] < SmallestAligned ? _placement.FindOffset(alignment, tightest: true, isOrdered: false) : AlignedOffset(chain, k, alignment, budget));
            if (_placement.Peak > budget)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The free offset within the budget at which the halves of a chain cross those of its neighbours least: a border of a gap, or where middles meet. The lowest if none is within the budget.</summary>
    private long AlignedOffset(int chain, int placed, long alignment, long budget)
    {
        int neighbours = FindNeighbours(chain, placed);
        _placement.SortBlocked();
        long size = _size[chain], best = -1, bestExcess = long.MaxValue, bestCrossed = long.MaxValue, free = 0;
        int at = 0;
        while (_placement.NextGap(ref at, ref free, out long lowest, out long highest))
        {
            lowest = (lowest + alignment - 1) & -alignment;
            highest = highest == long.MaxValue ? Math.Max(lowest, (budget - size) & -alignment) : highest & -alignment;
            if (lowest > highest)
            {
                continue;
            }

            for (int i = -2; i < neighbours; i++)
            {
                long offset = i == -2 ? lowest : i == -1 ? highest : (_chainOffset[_neighbours[i]] + (_size[_neighbours[i]] / 2) - (size / 2)) & -alignment;
                if (offset < lowest || offset > highest)
                {
                    continue;
                }

                long excess = Math.Max(0, offset + size - budget), crossed = 0;
                for (int n = 0; n < neighbours && (excess < bestExcess || crossed <= bestCrossed); n++)
                {
                    crossed += WorkerHalves.Crossed(offset, size, _chainOffset[_neighbours[n]], _size[_neighbours[n]]);
                }

                if (excess < bestExcess || (excess == bestExcess && (crossed < bestCrossed || (crossed == bestCrossed && offset < best))))
                {
                    (best, bestExcess, bestCrossed) = (offset, excess, crossed);
                }
            }
        }

        return best;
    }

    /// <summary>The large chains placed so far that live nearest in time before and after a chain, not with it.</summary>
    private int FindNeighbours(int chain, int placed)
    {
        int count = 0;
        for (int k = 0; k < placed; k++)
        {
            int other = _order[k], distance = Math.Max(_firstStep[chain] - _lastStep[other], _firstStep[other] - _lastStep[chain]);
            if (distance <= 0 || other == chain || _size[other] < SmallestAligned || (count == Neighbours && distance >= _distances[count - 1]))
            {
                continue;
            }

            int to = count < Neighbours ? count++ : count - 1;
            for (; to > 0 && _distances[to - 1] > distance; to--)
            {
                (_distances[to], _neighbours[to]) = (_distances[to - 1], _neighbours[to - 1]);
            }

            (_distances[to], _neighbours[to]) = (distance, other);
        }

        return count;
    }
}
