using System.Globalization;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>How the results of a patch product are cut into register tiles, and which loop is the outer one.</summary>
/// <param name="Pixels">The most pixels of a tile.</param>
/// <param name="Vectors">Vectors of output channels of a tile.</param>
/// <param name="ChannelsOuter">All pixels go past one group of output channels, whose weights stay in the cache, before the next; otherwise all groups past a few pixels.</param>
internal sealed record TileShape(int Pixels, int Vectors, bool ChannelsOuter)
{
    // Above this the weights of a layer push the pixels out of the second-level cache (measured on 1 MiB).
    private const long OuterWeightBytes = 400 << 10;

    // Weights of this size come from memory on every call; a group of this size is not in the cache any more when the next tile wants it.
    private const long FarBytes = 4 << 20, KeptBytes = 640 << 10;
    private const double MemoryBytesPerCycle = 12, Overlap = 0.15;

    private const int MostPixels = 64;

    /// <summary>The shapes worth trying, the one with the fewest estimated cycles first.</summary>
    public static IReadOnlyList<Candidate<TileShape>> Candidates(PatchProblem problem, int lanes, int vectorRegisters)
    {
        int channelVectors = (problem.Outputs + lanes - 1) / lanes;
        List<Candidate<TileShape>> candidates = [];
        for (int vectors = 1; vectors <= Math.Min(channelVectors, vectorRegisters / 2); vectors++)
        {
            // Two broadcasts in flight where there are enough registers; a single vector is fed from memory.
            int temporaries = vectors + (vectors == 1 ? 0 : vectorRegisters > 16 ? 2 : 1);
            int most = Math.Min((vectorRegisters - temporaries) / vectors, MostPixels);
            int pixels = (int)Math.Min(most, Math.Max(1, problem.TypicalPixels));
            if (pixels < 1)
            {
                break;
            }

            // One pixel cannot fill the registers any better.
            if (most * vectors * 2 >= vectorRegisters || most * vectors >= 12 || problem.TypicalPixels == 1)
            {
                bool outer = IsOuter(problem, pixels);
                candidates.Add(new(new(pixels, vectors, outer), Cycles(problem, pixels, vectors, lanes)));
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
    }

    /// <summary>The shape of portable tiles, and its cycles where vectors are computed as fast as by generated code.</summary>
    public static IReadOnlyList<Candidate<TileShape>> Portable(PatchProblem problem, int lanes)
    {
        const int PortablePixels = 24;
        int pixels = (int)Math.Clamp(problem.TypicalPixels, 1, PortablePixels), vectors = Math.Min(PortableTile.MostVectors, (problem.Outputs + lanes - 1) / lanes);
        return [new(new(pixels, vectors, IsOuter(problem, pixels)), Cycles(problem, pixels, vectors, lanes))];
    }

    /// <summary>Estimated cycles of a shape.</summary>
    public double Cycles(PatchProblem problem, int lanes) => Cycles(problem, Pixels, Vectors, lanes);

    public static TileShape Parse(TacticOption option)
    {
        string[] words = option.Text.Split(' ');
        string[] extents = words[0].Split('x');
        return new(int.Parse(extents[0], CultureInfo.InvariantCulture), int.Parse(extents[1], CultureInfo.InvariantCulture), words[1] == "channels-outer");
    }

    public TacticOption ToOption() => new(string.Create(CultureInfo.InvariantCulture, $"{Pixels}x{Vectors} {(ChannelsOuter ? "channels-outer" : "pixels-outer")}"));

    private static bool IsOuter(PatchProblem problem, int pixels)
    {
        const int FewTiles = 8;
        return problem.WeightCount * sizeof(float) > OuterWeightBytes || (problem.Images ?? 1) * problem.TypicalPixels / pixels < FewTiles;
    }

    /// <summary>
    /// Two multiplications per cycle, two loads per cycle, and the latency of sums where a tile has few. Weights that no cache keeps come from memory, once for all tiles if those of a group stay in
    /// the second-level cache, else for each.
    /// </summary>
    private static double Cycles(PatchProblem problem, int pixels, int vectors, int lanes)
    {
        int channelVectors = (problem.Outputs + lanes - 1) / lanes;
        long total = Math.Max(1, problem.TypicalPixels), tiles = (total + pixels - 1) / pixels;
        double perTile = (double)total / tiles, cycles = 0;
        bool isFar = problem.WeightCount * sizeof(float) > FarBytes;
        for (int done = 0; done < channelVectors; done += vectors)
        {
            int width = Math.Min(vectors, channelVectors - done);
            double loads = (width + perTile) / 2, sums = perTile * width / 2;
            const double SumLatency = 4;
            // With one vector every product reads its float from memory, which was measured to cost a tenth.
            double perFloat = Math.Max(Math.Max(sums, loads), SumLatency) * (width == 1 ? 1.1 : 1);
            double computed = (perFloat * problem.PatchLength) + (6 * perTile * width) + 20;
            double bytes = (double)problem.PatchLength * width * lanes * sizeof(float);
            // The two overlap, but not wholly; of tiles that all wait for memory the one with the least to compute is best.
            double fetched = bytes / MemoryBytesPerCycle, read = isFar ? Math.Max(computed, fetched) + (Overlap * Math.Min(computed, fetched)) : computed;
            cycles += read + ((tiles - 1) * (bytes > KeptBytes ? read : computed));
        }

        return cycles * problem.Groups * Math.Max(1, problem.Images ?? 1);
    }
}
