using Peregrine.Backends.Cpu.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Estimates the cycles of a Winograd convolution, and the ways of cutting one up that are worth trying.</summary>
internal sealed class WinogradCost(PatchProblem problem, DeviceProfile device, int lanes, int vectorRegisters)
{
    // Cycles per byte.
    private const double FromMemory = 1 / 10.0, FromL3 = 1 / 24.0;

    // A dynamic batch is planned for as one image.
    private readonly long _images = problem.Images ?? 1;
    private readonly long _l1 = CacheSizes.Of(device, "l1d");
    private readonly long _l2 = CacheSizes.Of(device, "l2");
    private readonly long _l3 = CacheSizes.Of(device, "l3");
    private readonly int _channelVectors = (problem.Outputs + lanes - 1) / lanes;
    private readonly double _epilogue = problem.Epilogue is null ? 0 : problem.Epilogue.Parts.Sum(CyclesOf) + (2 * problem.Operands.Count(o => o.PixelStride > 0));

    /// <summary>Shapes, the one with the fewest estimated cycles on all workers together first; the two best of each tile and register tile.</summary>
    public IReadOnlyList<Candidate<WinogradShape>> Candidates()
    {
        List<Candidate<WinogradShape>> candidates = [];
        foreach (int tile in (int[])[2, 4])
        {
            long tiles = WinogradGrid.Of(problem, tile, _images).Tiles;
            foreach ((int pixels, int vectors) in RegisterTiles(tiles))
            {
                IEnumerable<WinogradShape> shapes = BlockSizes(tile, tiles, pixels).SelectMany(b => (WinogradShape[])[new(tile, false, b, pixels, vectors), new(tile, true, b, pixels, vectors)]);
                candidates.AddRange(shapes.Select(s => new Candidate<WinogradShape>(s, Cycles(s))).OrderBy(s => s.Cycles).Take(2));
            }
        }

        candidates.Sort((a, b) => a.Cycles.CompareTo(b.Cycles));
        return candidates;
    }

    /// <summary>Cycles of all workers together, waiting included.</summary>
    public double Cycles(WinogradShape shape)
    {
        WinogradTile tile = WinogradTile.Of(problem, shape.Tile);
        WinogradLayout layout = new(problem, shape, lanes);
        WinogradGrid grid = WinogradGrid.Of(problem, shape.Tile, _images);
        int channelVectors = (problem.Channels + lanes - 1) / lanes, groups = (_channelVectors + shape.Vectors - 1) / shape.Vectors, workers = device.Parallelism;
        bool isLarge = shape.Tile == 4;
        double input = (double)grid.Tiles * channelVectors * tile.Products * (isLarge ? 2.5 : 1.9);
        double output = (double)grid.Tiles * _channelVectors * ((tile.Products * (isLarge ? 1.9 : 1.25)) + (shape.Tile * shape.Tile * (1 + _epilogue)));
        long blocks = layout.Blocks(grid), wholeBlocks = grid.Tiles / shape.BlockTiles;
        double products = (wholeBlocks * ProductCycles(shape, tile.Products, shape.BlockTiles)) + (blocks > wholeBlocks ? ProductCycles(shape, tile.Products, (int)(grid.Tiles % shape.BlockTiles)) : 0);

        // In a network weights come from memory once; for further blocks from behind the second-level cache, as do patches for every group where they do not stay in it.
        long weightBytes = (long)tile.Matrices * problem.Channels * _channelVectors * lanes * sizeof(float);
        double fromMemory = weightBytes * FromMemory, fromL3 = weightBytes > _l2 / 2 ? (blocks - 1) * weightBytes * (weightBytes > _l3 / 2 ? FromMemory : FromL3) : 0;
        fromL3 += layout.BlockBytes + layout.ZerosOffset > _l2 / 2 ? blocks * groups * layout.BlockBytes * FromL3 : 0;

        // Fetching ahead hides most of what comes from the third-level cache and less than half of what comes from memory (measured).
        const double MemorySeen = 0.6, L3Seen = 0.25;
        products = Math.Max(products, fromMemory + fromL3) + (MemorySeen * Math.Min(products, fromMemory)) + (L3Seen * fromL3);
        long items = blocks * groups;
        // Blocks of which two workers take some groups of channels each.
        int shared = Enumerable.Range(1, workers - 1).Count(w => items * w / workers % groups != 0);
        double imbalance = (double)((items + workers - 1) / workers * workers) / items;

        // A block that two workers share is transformed twice, or its patches go from one core's cache to the other's, which costs about a cycle per byte (measured).
        const double Barrier = 6000, FromOtherCore = 1;
        double cycles = ((products + output) * imbalance) + (shape.IsPhased
            ? input + (Barrier * workers) + (shared * layout.BlockBytes * FromOtherCore) + (layout.SharedBytes(grid) > _l2 ? layout.SharedBytes(grid) * FromL3 : 0)
            : input * (1 + ((double)shared / blocks)));
        // Small tiles are the more exact ones: large tiles are to be worth it.
        const double LargeTileHandicap = 1.05;
        return isLarge ? cycles * LargeTileHandicap : cycles;
    }

    private double ProductCycles(WinogradShape shape, int matrices, int tiles)
    {
        const double SumLatency = 4, Call = 60, Tile = 20;
        PixelParts parts = new(tiles, shape.Pixels);
        double perPart = (double)tiles / parts.Count, cycles = 0;
        for (int vectors = 0; vectors < _channelVectors; vectors += shape.Vectors)
        {
            int width = Math.Min(shape.Vectors, _channelVectors - vectors);
            double step = Math.Max(Math.Max(perPart * width / 2, (perPart + width) / 2), SumLatency);
            // A matrix that does not stay in the first-level cache is fetched again for every part.
            step += parts.Count > 1 && (long)problem.Channels * width * lanes * sizeof(float) > _l1 / 2 ? width * 0.25 : 0;
            cycles += matrices * ((parts.Count * ((step * problem.Channels) + (perPart * width) + Tile)) + Call);
        }

        return cycles;
    }

    private IEnumerable<(int Pixels, int Vectors)> RegisterTiles(long tiles)
    {
        int widest = 0;
        foreach (int vectors in (int[])[2, 4])
        {
            int width = Math.Min(vectors, _channelVectors);
            int temporaries = width + (width == 1 ? 0 : vectorRegisters > 16 ? 2 : 1);
            int pixels = (int)Math.Min((vectorRegisters - temporaries) / width, Math.Min(tiles, 16));
            if (width > widest)
            {
                widest = width;
                yield return (pixels, width);
            }
        }
    }

    /// <summary>Blocks whose patches fill an eighth, a quarter and half of the second-level cache, the tiles shared out evenly; where tiles are few all at once, or as many as a worker has to do.</summary>
    private IEnumerable<int> BlockSizes(int tile, long tiles, int pixels)
    {
        long patchBytes = new WinogradLayout(problem, new(tile, true, 1, 1, 1), lanes).BlockBytes;
        const int Few = 64;
        HashSet<int> sizes = [.. ((long[])[tiles, (tiles + device.Parallelism - 1) / device.Parallelism]).Where(size => size <= Few).Select(size => (int)size)];
        foreach (long room in (long[])[_l2 / 8, _l2 / 4, _l2 / 2])
        {
            long most = Math.Clamp(room / patchBytes / pixels * pixels, pixels, Few);
            long blocks = (tiles + most - 1) / most;
            sizes.Add((int)((tiles + blocks - 1) / blocks));
        }

        return sizes;
    }

    private static double CyclesOf(Expr part) => part switch
    {
        UnaryExpr { Function: UnaryFunction.Exp or UnaryFunction.Sigmoid } => 12,
        BinaryExpr or UnaryExpr or SelectExpr => 0.5,
        _ => 0,
    };
}
