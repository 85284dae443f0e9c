using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>
/// How the images of a depthwise convolution become transforms. Two vectors of channels, of one tile, are the real and imaginary parts of one transform; where channels are too few to fill them,
/// several tiles lie side by side.
/// </summary>
internal sealed class FourierPlan
{
    public FourierPlan(PatchProblem problem, FourierShape shape, int lanes)
    {
        (Problem, Lanes) = (problem, lanes);
        Vertical = FourierAxis.Of(problem.Vertical, shape.Height) ?? throw new ArgumentException("The tile is too low.", nameof(shape));
        Horizontal = FourierAxis.Of(problem.Horizontal, shape.Width) ?? throw new ArgumentException("The tile is too narrow.", nameof(shape));
        (Rows, Columns) = (new(shape.Height), new(shape.Width));
        TilesAtOnce = Math.Max(1, Floats / problem.Groups);
        ChannelGroups = (problem.Groups + Floats - 1) / Floats;
    }

    public PatchProblem Problem { get; }

    public FourierAxis Vertical { get; }

    public FourierAxis Horizontal { get; }

    /// <summary>The transform along a column: its length is the number of rows.</summary>
    public FourierLength Rows { get; }

    /// <summary>The transform along a row.</summary>
    public FourierLength Columns { get; }

    public int Lanes { get; }

    /// <summary>Floats of an element: a real and an imaginary vector.</summary>
    public int Floats => 2 * Lanes;

    /// <summary>Tiles in the lanes of one transform.</summary>
    public int TilesAtOnce { get; }

    /// <summary>Transforms of one tile.</summary>
    public int ChannelGroups { get; }

    public long TilesOfImage => (long)Vertical.Tiles * Horizontal.Tiles;

    /// <summary>Rows in memory are one element longer, so that the elements of a column fall into different sets of the cache.</summary>
    public int RowElements => Columns.Length + 1;

    /// <summary>Floats of a whole tile.</summary>
    public long TileFloats => (long)Rows.Length * RowElements * Floats;

    /// <summary>Floats of a dense row or column.</summary>
    public long LineFloats => (long)Math.Max(Rows.Length, Columns.Length) * Floats;

    /// <summary>Columns whose spectra are kept: the others are their mirror images, because weights are real.</summary>
    public int KeptColumns => (Columns.Length / 2) + 1;

    /// <summary>Floats of the weights' spectra for one group of channels.</summary>
    public long SpectrumFloats => (long)KeptColumns * Rows.Length * 2 * Floats;

    public long WeightBytes => ChannelGroups * SpectrumFloats * sizeof(float);

    public string WeightKey => $"spectra {Problem.Groups}x{Problem.Vertical.Kernel}/{Problem.Vertical.Dilation}x{Problem.Horizontal.Kernel}/{Problem.Horizontal.Dilation} in {Rows.Length}x{Columns.Length} by {Lanes}";

    public int ChannelsOf(int group) => Math.Min(Floats, Problem.Groups - (group * Floats));

    /// <summary>Estimated cycles of all workers together, waiting included.</summary>
    /// <param name="secondLevel">Bytes of the second-level cache.</param>
    public double Cycles(long secondLevel, int workers)
    {
        // Measured: passes over a tile that the second-level cache does not hold cost a cycle per three bytes, four times.
        const double PerProduct = 6, PerPixel = 6, PerFloat = 3, FromThirdLevel = 1 / 20.0, FromMemory = 1 / 10.0, Passes = 4 / 3.0;
        int rows = Vertical.Occupied, outputs = Vertical.Outputs;
        double transforms = ((rows + outputs) * Columns.Cycles) + (Rows.Length == 1 ? 0 : 2 * Columns.Length * Rows.Cycles);
        double moved = (((double)rows * Horizontal.Occupied) + ((double)outputs * Horizontal.Outputs)) * (TilesAtOnce > 1 ? PerFloat * TilesAtOnce * Problem.Groups : PerPixel);
        double far = Passes * Math.Max(0, (TileFloats * sizeof(float)) - secondLevel);
        double item = transforms + moved + (PerProduct * Rows.Length * Columns.Length) + far + (SpectrumFloats * sizeof(float) * FromThirdLevel);
        double items = Math.Ceiling((Problem.Images ?? 1) * TilesOfImage / (double)TilesAtOnce) * ChannelGroups;
        return (Math.Ceiling(items / workers) * workers * item) + (WeightBytes * FromMemory);
    }
}
