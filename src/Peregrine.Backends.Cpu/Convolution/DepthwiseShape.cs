using System.Globalization;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>The pixels of one register tile of a depthwise convolution, as they stand in a tactic's options: <c>3x8</c>.</summary>
/// <param name="Rows">Rows of pixels.</param>
/// <param name="Columns">Pixels in each row.</param>
internal readonly record struct DepthwiseShape(int Rows, int Columns)
{
    private const int MostOptions = 6;
    private const int MostPositions = 81;

    // The epilogue of few sums is computed while the multiply-adds of the next tile begin; many sums fill what the processor can reorder, and the registers in which functions would be computed.
    private const double FunctionCycles = 6.5, FunctionCyclesPerSum = 0.15, ResultCyclesPerSum = 0.08;
    private const int SumsBeforeCrowd = 12;

    // High tiles read the rows above and below them less often. A long row serves extents that are known at run time only, and kernels whose unrolled rows would be too much code.
    private static readonly DepthwiseShape[] Known =
    [
        new(6, 2), new(7, 2), new(8, 2), new(6, 3), new(4, 3), new(3, 4), new(4, 4), new(5, 4), new(4, 2), new(2, 4), new(4, 6), new(3, 7), new(4, 7), new(3, 8), new(2, 7), new(2, 6), new(2, 12), new(2, 14),
        new(1, 28), new(1, 14), new(1, 12), new(1, 8),
    ];

    public static DepthwiseShape Parse(TacticOption option)
    {
        string[] parts = option.Text.Split('x');
        return new(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows}x{Columns}");

    /// <summary>The most promising shapes for a convolution with their estimates, in cycles per vector of channels and image.</summary>
    /// <param name="registers">Vector registers of the processor.</param>
    /// <param name="workers">Workers who share the rows. Where there are several, a tile has at most half of them: workers who share channels instead read what others have computed.</param>
    public static IEnumerable<(DepthwiseShape Shape, double Cycles)> Candidates(PatchProblem problem, int registers, int workers)
    {
        // Sums, a pixel, and what the epilogue or a few weights need.
        int most = registers - 4;
        bool hasBlocks = problem.IsSpatialStatic && problem.InputStride > 0 && !problem.Placement.IsSparse && problem.PatchLength <= MostPositions && problem.Vertical.Output > 1;
        bool hasFunctions = new EpilogueWriter(problem.Epilogue, registers).HasFunctions;
        return Known.Where(s => s.Rows * s.Columns <= most && (s.Rows == 1 || (hasBlocks && (workers == 1 || s.Rows < problem.Vertical.Output))))
            .Select(s => (Shape: s, Cycles: s.Estimate(problem, registers, hasFunctions)))
            .OrderBy(s => s.Cycles)
            .Take(MostOptions);
    }

    /// <summary>
    /// Multiply-adds and loads, two of each a cycle; lines that no tile to the left has brought into the first-level cache; the epilogue; and what it takes to begin a tile. Fitted to what 28 shapes took
    /// on 13 layers of 7² to 190² pixels, 3×3 and 5×5, with and without functions.
    /// </summary>
    private double Estimate(PatchProblem problem, int registers, bool hasFunctions)
    {
        PatchAxis v = problem.Vertical, h = problem.Horizontal;
        long height = v.Output ?? Math.Max(1, problem.TypicalPlanePixels / 14), width = h.Output ?? 14;
        double cycles = 0;
        StripRows rows = new(height, Rows, inHalves: Rows > 1);
        PixelParts columns = new(width, Columns);
        for (int part = 0; part < columns.Count; part++)
        {
            int size = columns[part].Size;
            double perResult = (hasFunctions ? FunctionCycles : 0) + ((hasFunctions ? FunctionCyclesPerSum : ResultCyclesPerSum) * Math.Max(0, (Rows * size) - SumsBeforeCrowd));
            cycles += TileCycles(v, h, (double)height / rows.Count, size, Math.Max(1, Math.Min(h.Kernel, registers - (Rows * size) - 1)), perResult) * rows.Count;
        }

        // What the epilogue needs is loaded again and again where sums leave no register for it.
        const int EpilogueRegisters = 8;
        const double Crowded = 1.05;
        return cycles * problem.Depth.Kernel * problem.TypicalDepth * (Rows * Columns > Math.Max(registers - EpilogueRegisters, registers / 2) ? Crowded : 1);
    }

    private static double TileCycles(PatchAxis v, PatchAxis h, double rows, int columns, int held, double perResult)
    {
        const double CyclesPerLine = 1.3, CyclesPerTile = 2.5;
        double chunks = Math.Ceiling((double)h.Kernel / held), window = ((columns - 1) * h.Stride) + ((Math.Min(held, h.Kernel) - 1) * h.Dilation) + 1;
        double products = rows * columns * v.Kernel * h.Kernel, loads = v.Kernel * ((rows * chunks * window) + h.Kernel);
        double lines = (((rows - 1) * v.Stride) + ((v.Kernel - 1) * v.Dilation) + 1) * columns * h.Stride;
        return (Math.Max(products, loads) / 2) + (lines * CyclesPerLine) + (rows * columns * perResult) + CyclesPerTile;
    }
}
