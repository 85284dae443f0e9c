using System.Globalization;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>The lengths of transforms along both axes.</summary>
internal readonly record struct FourierShape(int Height, int Width)
{
    // A tile of one group of channels should stay in the second-level cache.
    private const int MostPositions = 1 << 14, MostLength = 1 << 13, MostLengths = 9;

    public static FourierShape Parse(TacticOption option)
    {
        string[] extents = option.Text.Split('x');
        return new(int.Parse(extents[0], CultureInfo.InvariantCulture), int.Parse(extents[1], CultureInfo.InvariantCulture));
    }

    public TacticOption ToOption() => new(string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}"));

    /// <summary>Shapes that a problem can be cut into.</summary>
    public static IEnumerable<FourierShape> Candidates(PatchProblem problem) =>
        from height in Lengths(problem.Vertical)
        from width in Lengths(problem.Horizontal)
        where (long)height * width <= MostPositions
        select new FourierShape(height, width);

    private static IEnumerable<int> Lengths(PatchAxis axis) =>
        axis.Kernel == 1 ? [1] : Enumerable.Range(4, MostLength - 3).Where(n => n % 2 == 0 && FourierLength.IsSupported(n) && FourierAxis.Of(axis, n) is not null).Take(MostLengths);
}
