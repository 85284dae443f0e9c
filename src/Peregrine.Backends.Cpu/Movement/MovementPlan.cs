namespace Peregrine.Backends.Cpu.Movement;

/// <summary>The copies that make up one call for certain dims, in any order: their targets do not overlap.</summary>
internal sealed class MovementPlan
{
    private readonly CopyNest[] _nests;
    private readonly int[] _firstTiles;

    public MovementPlan(IEnumerable<CopyNest> nests)
    {
        _nests = [.. nests.Where(n => n.TileCount > 0)];
        _firstTiles = new int[_nests.Length + 1];
        for (int i = 0; i < _nests.Length; i++)
        {
            _firstTiles[i + 1] = checked(_firstTiles[i] + _nests[i].TileCount);
        }
    }

    public int TileCount => _firstTiles[^1];

    public ReadOnlySpan<CopyNest> Nests => _nests;

    /// <summary>The tiles [begin, end) of a nest's own count that belong to the given tiles of the plan.</summary>
    public (int Begin, int End) Share(int nest, int begin, int end) =>
        (Math.Max(begin, _firstTiles[nest]) - _firstTiles[nest], Math.Min(end, _firstTiles[nest + 1]) - _firstTiles[nest]);
}
