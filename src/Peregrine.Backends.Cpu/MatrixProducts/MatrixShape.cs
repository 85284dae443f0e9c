using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.MatrixProducts;

/// <summary>How a product of matrices is computed.</summary>
/// <param name="IsDirect">The right matrix is read where it lies, instead of being packed first.</param>
internal readonly record struct MatrixShape(TileShape Tile, bool IsDirect)
{
    // A packed float is written and read again, at about a vector per two cycles, and shuffled where it is transposed.
    private const double PackCycles = 0.15, TransposeCycles = 0.35;

    /// <summary>The shapes worth trying, the one with the fewest estimated cycles first.</summary>
    public static IReadOnlyList<(MatrixShape Shape, double Cycles)> Candidates(MatrixProblem problem, int lanes, int vectorRegisters, int workers)
    {
        PatchProblem patches = problem.AsPatches();
        bool mayBeDirect = !problem.TransB && problem.Columns is not null;
        double packing = (patches.Images ?? 1) * patches.WeightCount * (problem.TransB ? TransposeCycles : PackCycles);
        List<(MatrixShape Shape, double Cycles)> shapes = [];
        foreach ((TileShape tile, double cycles) in TileShape.Candidates(patches, lanes, vectorRegisters, workers))
        {
            shapes.Add((new(tile, false), cycles + packing));
            if (mayBeDirect)
            {
                // Rows of the matrix that are far apart cost some of what packing would.
                shapes.Add((new(tile, true), (cycles * 1.05) + (packing * 0.1)));
            }
        }

        shapes.Sort((a, b) => a.Cycles.CompareTo(b.Cycles));
        return shapes.Count > 6 ? shapes.GetRange(0, 6) : shapes;
    }

    /// <summary>The shape of portable tiles, and its cycles where vectors are computed as fast as by generated code.</summary>
    public static IReadOnlyList<(MatrixShape Shape, double Cycles)> Portable(MatrixProblem problem, int lanes)
    {
        PatchProblem patches = problem.AsPatches();
        double packing = (patches.Images ?? 1) * patches.WeightCount * (problem.TransB ? TransposeCycles : PackCycles);
        return [.. TileShape.Portable(patches, lanes).Select(s => (new MatrixShape(s.Shape, false), s.Cycles + packing))];
    }

    public static MatrixShape Parse(TacticOption option) => new(TileShape.Parse(option), option.Text.EndsWith(" direct", StringComparison.Ordinal));

    public TacticOption ToOption() => new(Tile.ToOption().Text + (IsDirect ? " direct" : " packed"));
}
