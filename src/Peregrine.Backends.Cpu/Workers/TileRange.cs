namespace Peregrine.Backends.Cpu.Workers;

/// <summary>The tiles [Begin, End) that one worker runs.</summary>
public readonly record struct TileRange(int Begin, int End)
{
    /// <summary>
    /// The static partition: worker <paramref name="worker"/> of <paramref name="workerCount"/> gets a contiguous part of
    /// <paramref name="tileCount"/> tiles; the parts cover all tiles in order and differ by at most one tile.
    /// </summary>
    public static TileRange Of(int tileCount, int worker, int workerCount) =>
        new((int)((long)tileCount * worker / workerCount), (int)((long)tileCount * (worker + 1) / workerCount));
}
