using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Where transformed patches and products lie. Distances are odd numbers of cache lines, so that neither the tiles of a register tile nor the products of a patch fall into few sets of the caches.
/// </summary>
internal sealed class WinogradLayout(PatchProblem problem, WinogradShape shape, int lanes)
{
    private const int Line = 64;

    private readonly WinogradTile _tile = WinogradTile.Of(problem, shape.Tile);

    /// <summary>From the channels of one tile's patch to those of the next.</summary>
    public int PatchBytes { get; } = OddLines((((long)problem.Channels + lanes - 1) / lanes) * lanes * sizeof(float));

    /// <summary>From one product's patches to those of the next.</summary>
    public int PatchProductBytes => OddLines((long)shape.BlockTiles * PatchBytes);

    /// <summary>From one block's patches to those of the next.</summary>
    public long BlockBytes => (long)_tile.Products * PatchProductBytes;

    /// <summary>From the results of a product for one tile to those for the next.</summary>
    public int ProductBytes => shape.Vectors * lanes * sizeof(float);

    /// <summary>From the results of one product to those of the next.</summary>
    public int ProductStep => OddLines((long)shape.BlockTiles * ProductBytes);

    /// <summary>A row of pixels of zeros, as wide as a patch.</summary>
    public int ZeroBytes => checked((int)(_tile.Horizontal.Patch * problem.InputStride * sizeof(float)));

    /// <summary>In a worker's memory: the zeros, behind the products.</summary>
    public long ZerosOffset => (long)_tile.Products * ProductStep;

    /// <summary>In a worker's memory: the transformed patches of a block.</summary>
    public long PatchesOffset => ZerosOffset + OddLines(ZeroBytes);

    public long WorkerBytes => PatchesOffset + (shape.IsPhased ? 0 : BlockBytes);

    /// <summary>Memory that workers share.</summary>
    public long SharedBytes(WinogradGrid grid) => shape.IsPhased ? checked(Blocks(grid) * BlockBytes) : 0;

    public long Blocks(WinogradGrid grid) => (grid.Tiles + shape.BlockTiles - 1) / shape.BlockTiles;

    /// <summary>The first tile of a block and how many it has.</summary>
    public (long First, int Count) Block(WinogradGrid grid, long block)
    {
        long first = block * shape.BlockTiles;
        return (first, (int)Math.Min(shape.BlockTiles, grid.Tiles - first));
    }

    private static int OddLines(long bytes) => checked((int)((((bytes + Line - 1) / Line) | 1) * Line));
}
