using System.Numerics;
using System.Runtime.Intrinsics;

namespace Peregrine.Runtime.Planning;

/// <summary>
/// The buffers placed so far: rectangles of steps × bytes that do not overlap, ordered by their start. Columns are separate arrays, because the
/// search for those that live at the same time as a new one is the hot loop.
/// </summary>
internal sealed class ArenaPlacement
{
    private int _count;
    private int[] _firstStep = [];
    private int[] _lastStep = [];
    private long[] _start = [];
    private long[] _end = [];
    private int _blockedCount;
    private long[] _blockedFrom = new long[64];
    private long[] _blockedTo = new long[64];

    /// <summary>The end of the highest buffer.</summary>
    public long Peak { get; private set; }

    public void Clear(int capacity)
    {
        _count = 0;
        Peak = 0;
        if (_start.Length < capacity)
        {
            _firstStep = new int[capacity];
            _lastStep = new int[capacity];
            _start = new long[capacity];
            _end = new long[capacity];
        }
    }

    /// <summary>Forgets the search before; call in front of the <see cref="Block"/> calls of the next chain.</summary>
    public void BeginSearch() => _blockedCount = 0;

    /// <summary>Notes the offsets that a buffer cannot have, because of buffers placed before that live at one of its steps.</summary>
    public void Block(long size, int firstStep, int lastStep)
    {
        int i = 0;
        Vector256<int> first = Vector256.Create(firstStep);
        Vector256<int> last = Vector256.Create(lastStep);
        for (; i <= _count - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            Vector256<int> begun = Vector256.LessThanOrEqual(Vector256.Create(_firstStep, i), last);
            Vector256<int> notOver = Vector256.GreaterThanOrEqual(Vector256.Create(_lastStep, i), first);
            for (uint bits = (begun & notOver).ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
            {
                AddBlocked(i + BitOperations.TrailingZeroCount(bits), size);
            }
        }

        for (; i < _count; i++)
        {
            if (_firstStep[i] <= lastStep && _lastStep[i] >= firstStep)
            {
                AddBlocked(i, size);
            }
        }
    }

    /// <summary>Notes the offsets that a buffer of some size cannot have because of another, which need not have been placed.</summary>
    public void BlockBy(long otherOffset, long otherSize, long size) => AddBlockedRange(otherOffset - size + 1, otherOffset + otherSize);

    /// <summary>The free offset with the least room to spare, or the lowest one; always a multiple of the alignment.</summary>
    /// <param name="isOrdered">Only one buffer was blocked, so the blocked ranges are in order already.</param>
    /// <param name="isHigh">Whether the buffer lies at the upper end of its room, not at the lower.</param>
    public long FindOffset(long alignment, bool tightest, bool isOrdered, bool isHigh = false)
    {
        Span<long> from = _blockedFrom.AsSpan(0, _blockedCount);
        if (!isOrdered)
        {
            from.Sort(_blockedTo.AsSpan(0, _blockedCount));
        }

        long best = -1;
        long bestRoom = long.MaxValue;
        long free = 0;
        for (int i = 0; i < from.Length; i++)
        {
            long aligned = (free + alignment - 1) & -alignment;
            long room = from[i] - 1 - aligned;
            if (room >= 0 && room < bestRoom)
            {
                best = isHigh ? aligned + (room & -alignment) : aligned;
                bestRoom = room;
                if (!tightest)
                {
                    return best;
                }
            }

            free = Math.Max(free, _blockedTo[i]);
        }

        return best >= 0 ? best : (free + alignment - 1) & -alignment;
    }

    /// <summary>Puts the blocked offsets in order, for <see cref="NextGap"/>.</summary>
    public void SortBlocked() => _blockedFrom.AsSpan(0, _blockedCount).Sort(_blockedTo.AsSpan(0, _blockedCount));

    /// <summary>The next range of free offsets, from the lowest on; the last has no end.</summary>
    /// <param name="at">How many blocked ranges have been passed; 0 to begin. Negative behind the last range.</param>
    /// <param name="free">The end of what they block; 0 to begin.</param>
    public bool NextGap(ref int at, ref long free, out long lowest, out long highest)
    {
        while ((uint)at < (uint)_blockedCount)
        {
            (lowest, highest) = (free, _blockedFrom[at] - 1);
            free = Math.Max(free, _blockedTo[at++]);
            if (highest >= lowest)
            {
                return true;
            }
        }

        (lowest, highest) = (free, long.MaxValue);
        bool isLast = at >= 0;
        at = -1;
        return isLast;
    }

    /// <summary>Places a buffer; the caller has found the offset free.</summary>
    public void Add(long offset, long size, int firstStep, int lastStep)
    {
        int at = _start.AsSpan(0, _count).BinarySearch(offset);
        at = at < 0 ? ~at : at;
        Array.Copy(_firstStep, at, _firstStep, at + 1, _count - at);
        Array.Copy(_lastStep, at, _lastStep, at + 1, _count - at);
        Array.Copy(_start, at, _start, at + 1, _count - at);
        Array.Copy(_end, at, _end, at + 1, _count - at);
        _firstStep[at] = firstStep;
        _lastStep[at] = lastStep;
        _start[at] = offset;
        _end[at] = offset + size;
        _count++;
        Peak = Math.Max(Peak, offset + size);
    }

    private void AddBlocked(int placed, long size) => AddBlockedRange(_start[placed] - size + 1, _end[placed]);

    // Blocked are the offsets from, inclusive, to, exclusive.
    private void AddBlockedRange(long from, long to)
    {
        if (_blockedCount == _blockedFrom.Length)
        {
            Array.Resize(ref _blockedFrom, 2 * _blockedCount);
            Array.Resize(ref _blockedTo, 2 * _blockedCount);
        }

        _blockedFrom[_blockedCount] = from;
        _blockedTo[_blockedCount++] = to;
    }
}
