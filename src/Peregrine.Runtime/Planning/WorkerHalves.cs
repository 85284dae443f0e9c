namespace Peregrine.Runtime.Planning;

/// <summary>
/// How much of an arena changes hands: workers cut every buffer alike, each takes its share from front to back, so the workers of the first half touch the first half of every buffer and the others the
/// second. Where a buffer lies across what an earlier one left, so that bytes of its first half were the second half of the other, these come from the caches of the other workers, which may be far away.
/// Halves that lie on halves avoid that at any number of workers of which every half shares a cache.
/// </summary>
/// <remarks>Counted in cells, over the second of two runs, because a run begins with what the one before left.</remarks>
internal sealed class WorkerHalves
{
    private const int Cells = 1024;

    private readonly sbyte[] _owner = new sbyte[Cells];
    private long _cell;

    /// <summary>Bytes that change hands in a run.</summary>
    public long HandedOver { get; private set; }

    /// <summary>Forgets all.</summary>
    /// <param name="peak">The end of the highest buffer.</param>
    public void Begin(long peak)
    {
        _cell = Math.Max(MemoryPlanner.Unit, (peak + Cells - 1) / Cells);
        _owner.AsSpan().Clear();
        HandedOver = 0;
    }

    /// <summary>The second run begins.</summary>
    public void Repeat() => HandedOver = 0;

    /// <summary>The next buffer in time is written.</summary>
    public void Write(long offset, long size)
    {
        (long begin, long middle, long end) = (offset / _cell, (offset + (size / 2)) / _cell, (offset + size) / _cell);
        for (long at = begin; at < end; at++)
        {
            sbyte half = (sbyte)(at < middle ? 1 : 2);
            ref sbyte owner = ref _owner[(int)at];
            HandedOver += owner != 0 && owner != half ? _cell : 0;
            owner = half;
        }
    }

    /// <summary>Bytes that two buffers share, in the first half of one and the second of the other.</summary>
    public static long Crossed(long offset, long size, long otherOffset, long otherSize)
    {
        (long middle, long otherMiddle) = (offset + (size / 2), otherOffset + (otherSize / 2));
        return Shared(offset, middle, otherMiddle, otherOffset + otherSize) + Shared(middle, offset + size, otherOffset, otherMiddle);
    }

    private static long Shared(long begin, long end, long otherBegin, long otherEnd) => Math.Max(0, Math.Min(end, otherEnd) - Math.Max(begin, otherBegin));
}
