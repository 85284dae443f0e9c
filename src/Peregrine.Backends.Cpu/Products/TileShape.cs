using System.Globalization;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>How the results of a patch product are cut into register tiles, and which loop is the outer one.</summary>
/// <param name="Pixels">The most pixels of a tile.</param>
/// <param name="Vectors">Vectors of output channels of a tile.</param>
/// <param name="ChannelsOuter">All pixels go past one group of output channels, whose weights stay in the cache, before the next; otherwise all groups past a few pixels.</param>
internal sealed record TileShape(int Pixels, int Vectors, bool ChannelsOuter)
{
    // Above this the weights of a layer push the pixels out of the second-level cache (measured on 1 MiB); weights and pixels of this size are at hand on the next tile.
    private const long OuterWeightBytes = 400 << 10, SecondLevelBytes = 768 << 10, FirstLevelBytes = 32 << 10;

    // Weights of this size come from memory on every call; a group of this size is not in the cache any more when the next tile wants it.
    private const long FarBytes = 4 << 20, KeptBytes = 640 << 10;
    private const double MemoryBytesPerCycle = 12, SecondLevelBytesPerCycle = 28, Overlap = 0.15;

    // What one call of generated code costs that computes some tiles, and a byte that comes from the third-level cache again.
    private const double CyclesPerCall = 320, CyclesPerFarByte = 0.001;

    private const int MostPixels = 64;

    // Fewer sums than twice the latency of a multiply-add leave gaps.
    private const int FewestSums = 12;

    /// <summary>The shapes worth trying, the one with the fewest estimated cycles first.</summary>
    /// <param name="workers">Threads that share the tiles.</param>
    public static IReadOnlyList<Candidate<TileShape>> Candidates(PatchProblem problem, int lanes, int vectorRegisters, int workers)
    {
        int channelVectors = (problem.Outputs + lanes - 1) / lanes;
        List<Candidate<TileShape>> candidates = [];
        for (int vectors = 1; vectors <= Math.Min(channelVectors, vectorRegisters / 2); vectors++)
        {
            // Two broadcasts in flight where there are enough registers; a single vector is fed from memory.
            int temporaries = vectors + (vectors == 1 ? 0 : vectorRegisters > 16 ? 2 : 1);
            int most = Math.Min((vectorRegisters - temporaries) / vectors, MostPixels);
            if (most < 1)
            {
                break;
            }

            // One pixel cannot fill the registers any better.
            if (most * vectors * 2 >= vectorRegisters || most * vectors >= FewestSums || problem.TypicalPixels == 1)
            {
                Add(most, vectors);
            }

            // Short patches like half-full registers better: what comes behind a tile's last product waits for fewer sums.
            if (vectors > 1 && most / 2 * vectors >= FewestSums)
            {
                Add(most / 2, vectors);
            }
        }

        candidates.Sort((a, b) => a.Cycles.CompareTo(b.Cycles));
        if (candidates.Count > 5)
        {
            candidates.RemoveRange(5, candidates.Count - 5);
        }

        // One call computes all groups, which lie within the reach of an address.
        bool mayBeInner = problem.WeightCount * sizeof(float) < int.MaxValue / 2;
        if (candidates.Count > 0 && mayBeInner)
        {
            // The other loop order of the best guess.
            candidates.Add(new(candidates[0].Shape with { ChannelsOuter = !candidates[0].Shape.ChannelsOuter }, candidates[0].Cycles * 1.05));
        }

        return candidates;

        void Add(int most, int vectors)
        {
            int pixels = FitWorkers(problem, (int)Math.Min(most, Math.Max(1, problem.TypicalPixels)), workers);
            bool outer = IsOuter(problem, pixels, workers);
            candidates.Add(new(new(pixels, vectors, outer), Cycles(problem, pixels, vectors, lanes, outer)));
        }
    }

    /// <summary>So many pixels, or a few less, that each worker has as many tiles of an image's one row of pixels as the others; of many tiles one does not matter.</summary>
    private static int FitWorkers(PatchProblem problem, int pixels, int workers)
    {
        const int ManyTilesPerWorker = 16;
        if (workers == 1 || !problem.IsPointwise)
        {
            return pixels;
        }

        long total = problem.TypicalPixels * (problem.MergesImages ? problem.Images ?? 1 : 1);
        for (int fewer = pixels; fewer * 4 > pixels * 3; fewer--)
        {
            long tiles = (total + fewer - 1) / fewer;
            if (tiles % workers == 0 || tiles > ManyTilesPerWorker * workers)
            {
                return fewer;
            }
        }

        return pixels;
    }

    /// <summary>The shape of portable tiles, and its cycles where vectors are computed as fast as by generated code.</summary>
    public static IReadOnlyList<Candidate<TileShape>> Portable(PatchProblem problem, int lanes)
    {
        const int PortablePixels = 24;
        int pixels = (int)Math.Clamp(problem.TypicalPixels, 1, PortablePixels), vectors = Math.Min(PortableTile.MostVectors, (problem.Outputs + lanes - 1) / lanes);
        return [new(new(pixels, vectors, IsOuter(problem, pixels, 1)), Cycles(problem, pixels, vectors, lanes, isOuter: true))];
    }

    /// <summary>Estimated cycles of a shape.</summary>
    public double Cycles(PatchProblem problem, int lanes) => Cycles(problem, Pixels, Vectors, lanes, ChannelsOuter);

    public static TileShape Parse(TacticOption option)
    {
        string[] words = option.Text.Split(' ');
        string[] extents = words[0].Split('x');
        return new(int.Parse(extents[0], CultureInfo.InvariantCulture), int.Parse(extents[1], CultureInfo.InvariantCulture), words[1] == "channels-outer");
    }

    public TacticOption ToOption() => new(string.Create(CultureInfo.InvariantCulture, $"{Pixels}x{Vectors} {(ChannelsOuter ? "channels-outer" : "pixels-outer")}"));

    /// <summary>
    /// Whether all pixels go past a group of channels before the next. Weights of medium size that stream past each tile anew cost less than a call for each group, unless tiles are many; but where tiles
    /// are few workers share channels.
    /// </summary>
    private static bool IsOuter(PatchProblem problem, int pixels, int workers)
    {
        const int FewTiles = 8, TilesPerWorker = 2, UsualGroup = 32;
        long weightBytes = problem.WeightCount * sizeof(float), tiles = (problem.Images ?? 1) * TilesOfImage(problem, pixels);
        // Where steps leave pixels out, those that are read lie in part of the cache's sets, which hold as much less of them.
        bool isSinglePosition = problem.PatchLength == problem.Channels && problem.Horizontal.PadBegin == 0 && problem.Vertical.PadBegin == 0;
        if (!isSinglePosition || (weightBytes > FarBytes && problem.IsPointwise))
        {
            return weightBytes > OuterWeightBytes || tiles < FewTiles;
        }

        double groups = (double)problem.Groups * problem.Outputs / UsualGroup, pixelBytes = (problem.Images ?? 1) * (double)problem.TypicalPixels * problem.Horizontal.Stride * problem.Groups * problem.Channels * sizeof(float);
        double again = (groups * CallsOfImage(problem, pixels) * CyclesPerCall) + (pixelBytes > SecondLevelBytes ? groups * pixelBytes * CyclesPerFarByte : 0);
        return (workers > 1 && tiles < TilesPerWorker * workers) || (weightBytes > SecondLevelBytes && tiles * weightBytes * CyclesPerFarByte > again);
    }

    /// <summary>Tiles of so many pixels in an image: pixels in order, whole rows of them, or parts of rows.</summary>
    public static long TilesOfImage(PatchProblem problem, int pixels)
    {
        long total = Math.Max(1, problem.TypicalPixels);
        if (problem.IsPointwise || problem.Vertical.Output is not { } height || problem.Horizontal.Output is not { } width || height * width == 0)
        {
            return (total + pixels - 1) / pixels;
        }

        return problem.TypicalDepth * StripsOfPlane(problem, pixels, height, width) * (width * 2 <= pixels ? 1 : new PixelParts(width, pixels).Count);
    }

    private static long StripsOfPlane(PatchProblem problem, int pixels, long height, long width) =>
        width * 2 <= pixels && problem.Vertical.Kernel * problem.Horizontal.Kernel <= StripShape.MostUnrolledPositions ? new PixelParts(height, (int)(pixels / width)).Count : height;

    /// <summary>Calls that go past an image once: one for each size of tile where pixels are one long row, else one for each strip at least.</summary>
    private static long CallsOfImage(PatchProblem problem, int pixels) => problem.IsPointwise || problem.Vertical.Output is not { } height || problem.Horizontal.Output is not { } width || height * width == 0
        ? CodesOfRow(problem, pixels)
        : problem.TypicalDepth * StripsOfPlane(problem, pixels, height, width);

    /// <summary>Pixels in order make tiles of one size or two, each of which has code, and a call, of its own.</summary>
    private static int CodesOfRow(PatchProblem problem, int pixels) => problem.TypicalPixels % Math.Max(1, TilesOfImage(problem, pixels)) == 0 ? 1 : 2;

    /// <summary>
    /// Two multiplications per cycle, two loads per cycle, the latency of sums where a tile has few, weights from the second-level cache if there are many; and behind the products an epilogue that waits
    /// for them, in which the next tile's can begin only as far as the processor sees ahead (the square of the sums, measured from 12 to 28 of them). Weights that no cache keeps come from memory, once for all
    /// tiles if those of a group stay in the second-level cache, else for each.
    /// </summary>
    private static double Cycles(PatchProblem problem, int pixels, int vectors, int lanes, bool isOuter)
    {
        const double SumLatency = 5, CyclesPerSum = 1, CyclesPerSquaredSum = 0.06, StreamShare = 0.03;
        int channelVectors = (problem.Outputs + lanes - 1) / lanes;
        long total = Math.Max(1, problem.TypicalPixels), tiles = TilesOfImage(problem, pixels), weightBytes = problem.WeightCount * sizeof(float);
        double perTile = (double)total / tiles, cycles = 0;
        bool isFar = weightBytes > FarBytes;
        for (int done = 0; done < channelVectors; done += vectors)
        {
            int width = Math.Min(vectors, channelVectors - done);
            double loads = (width + perTile) / 2, sums = perTile * width, bytes = (double)problem.PatchLength * width * lanes * sizeof(float);
            double streamed = (isOuter ? bytes : weightBytes) > FirstLevelBytes ? width * lanes * sizeof(float) / SecondLevelBytesPerCycle : 0;
            // With one vector every product reads its float from memory, which was measured to cost a tenth.
            double perFloat = (Math.Max(Math.Max(sums / 2, loads), Math.Max(SumLatency, streamed)) * (width == 1 ? 1.1 : 1)) + (StreamShare * streamed);
            double computed = (perFloat * problem.PatchLength) + (CyclesPerSum * sums) + (CyclesPerSquaredSum * sums * sums);
            // The two overlap, but not wholly; of tiles that all wait for memory the one with the least to compute is best.
            double fetched = bytes / MemoryBytesPerCycle, read = isFar ? Math.Max(computed, fetched) + (Overlap * Math.Min(computed, fetched)) : computed;
            cycles += read + ((tiles - 1) * (bytes > KeptBytes ? read : computed));
            if (isOuter)
            {
                cycles += CyclesPerCall * CodesOfRow(problem, pixels);
            }
        }

        if (!isOuter)
        {
            // What is left of the channels has code of its own, called every few tiles.
            cycles += (channelVectors > vectors && channelVectors % vectors != 0 ? tiles * CyclesPerCall / 2 : 0) + (weightBytes > SecondLevelBytes ? tiles * weightBytes * CyclesPerFarByte : 0);
        }

        return cycles * problem.Groups * Math.Max(1, problem.Images ?? 1);
    }
}
