using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// The transforms of F(m×m, 3×3) of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile of m×m results is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where d is the patch of
/// (m + 2)×(m + 2) inputs under it and g the kernel. Interpolation points are 0, ±1, ∞ for m = 2, and 0, ±5/8, ±3/2, ∞ for m = 4: for random
/// data their rounding errors are less than half of those of ±1, ±2 (B. Barabasz, A. Anderson, K. Soodhalter and D. Gregg, "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020, for the
/// search), and all their factors are exact in float32. A transform of a patch takes its columns first. A few of their rows are
/// made at a time, from inputs loaded again for each, so that 16 vector registers hold everything.
/// </summary>
internal abstract class WinogradTransform
{
    private static readonly WinogradTransform Small = new F2(), Large = new F4();

    /// <summary>m, the extent of a tile of results.</summary>
    public abstract int Tile { get; }

    /// <summary>Tile and points: weights of one transform are of no use to another.</summary>
    public abstract string Name { get; }

    /// <summary>Extent of a tile's patch of inputs.</summary>
    public int Patch => Tile + 2;

    /// <summary>Products per tile: the elements of a transformed patch.</summary>
    public int Products => Patch * Patch;

    /// <summary>G, [<see cref="Patch"/>, 3].</summary>
    public abstract double[,] KernelMatrix { get; }

    /// <summary>Rows of Bᵀ d that are made together.</summary>
    public abstract IReadOnlyList<int[]> InputRows { get; }

    /// <summary>Rows of Aᵀ m that are made together.</summary>
    public abstract IReadOnlyList<int[]> OutputRows { get; }

    public static WinogradTransform Of(int tile) => tile switch { 2 => Small, 4 => Large, _ => throw new ArgumentOutOfRangeException(nameof(tile), tile, "There are tiles of 2 and 4.") };

    /// <summary>Those rows of Bᵀ times a column; <paramref name="load"/> gives an element in a fresh register.</summary>
    public abstract VReg[] InputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load);

    /// <summary>A row times B.</summary>
    public abstract VReg[] InputRow(KernelBuilder p, VReg[] row);

    /// <summary>Those rows of Aᵀ times a column; <paramref name="load"/> gives an element in a fresh register.</summary>
    public abstract VReg[] OutputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load);

    /// <summary>A row times A, the first <paramref name="count"/> elements of it.</summary>
    public abstract VReg[] OutputRow(KernelBuilder p, VReg[] row, int count);

    private static VReg MultiplySubtract(KernelBuilder p, VReg a, float factor, VReg b)
    {
        VReg result = p.Copy(a);
        p.FmaNegated(result, p.Constant(factor), b);
        return result;
    }

    private static VReg MultiplyAdd(KernelBuilder p, VReg a, float factor, VReg b) => p.MultiplyAdd(p.Constant(factor), b, a);

    private sealed class F2 : WinogradTransform
    {
        public override int Tile => 2;

        public override string Name => "2 at 1";

        public override double[,] KernelMatrix { get; } = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };

        public override IReadOnlyList<int[]> InputRows { get; } = [[0], [1, 2], [3]];

        public override IReadOnlyList<int[]> OutputRows { get; } = [[0, 1]];

        public override VReg[] InputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load)
        {
            switch (rows[0])
            {
                case 0:
                    return [p.Subtract(load(0), load(2))];
                case 3:
                    return [p.Subtract(load(1), load(3))];
                default:
                    (VReg d1, VReg d2) = (load(1), load(2));
                    return [p.Add(d1, d2), p.Subtract(d2, d1)];
            }
        }

        public override VReg[] InputRow(KernelBuilder p, VReg[] row) => [p.Subtract(row[0], row[2]), p.Add(row[1], row[2]), p.Subtract(row[2], row[1]), p.Subtract(row[1], row[3])];

        public override VReg[] OutputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load)
        {
            (VReg m1, VReg m2) = (load(1), load(2));
            return [p.Add(load(0), p.Add(m1, m2)), p.Subtract(p.Subtract(m1, m2), load(3))];
        }

        public override VReg[] OutputRow(KernelBuilder p, VReg[] row, int count)
        {
            VReg first = p.Add(row[0], p.Add(row[1], row[2]));
            return count == 1 ? [first] : [first, p.Subtract(p.Subtract(row[1], row[2]), row[3])];
        }
    }

    private sealed class F4 : WinogradTransform
    {
        public override int Tile => 4;

        public override string Name => "4 at 5/8 3/2";

        // The points, and their powers.
        private const float A = 0.625f, B = 1.5f, A2 = A * A, B2 = B * B, A3 = A2 * A, B3 = B2 * B;

        private const double ForA = 2.0 * A2 * (A2 - B2), ForB = 2.0 * B2 * (B2 - A2);

        public override double[,] KernelMatrix { get; } =
        {
            { 1.0 / (A2 * B2), 0, 0 }, { 1 / ForA, A / ForA, A2 / ForA }, { 1 / ForA, -A / ForA, A2 / ForA }, { 1 / ForB, B / ForB, B2 / ForB }, { 1 / ForB, -B / ForB, B2 / ForB }, { 0, 0, 1 },
        };

        public override IReadOnlyList<int[]> InputRows { get; } = [[0], [1, 2], [3, 4], [5]];

        public override IReadOnlyList<int[]> OutputRows { get; } = [[0, 2], [1, 3]];

        public override VReg[] InputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load) => rows[0] switch
        {
            0 => [Outer(p, load(0), load(2), load(4))],
            1 => Inner(p, load(1), load(2), load(3), load(4)),
            3 => Middle(p, load(1), load(2), load(3), load(4)),
            _ => [Outer(p, load(1), load(3), load(5))],
        };

        public override VReg[] InputRow(KernelBuilder p, VReg[] row) =>
            [Outer(p, row[0], row[2], row[4]), .. Inner(p, row[1], row[2], row[3], row[4]), .. Middle(p, row[1], row[2], row[3], row[4]), Outer(p, row[1], row[3], row[5])];

        public override VReg[] OutputColumn(KernelBuilder p, int[] rows, Func<int, VReg> load)
        {
            (VReg m1, VReg m2, VReg m3, VReg m4) = (load(1), load(2), load(3), load(4));
            if (rows[0] == 0)
            {
                (VReg sumNear, VReg sumFar) = (p.Add(m1, m2), p.Add(m3, m4));
                return [p.Add(load(0), p.Add(sumNear, sumFar)), Combine(p, A2, sumNear, B2, sumFar)];
            }

            (VReg near, VReg far) = (p.Subtract(m1, m2), p.Subtract(m3, m4));
            return [Combine(p, A, near, B, far), MultiplyAdd(p, MultiplyAdd(p, load(5), A3, near), B3, far)];
        }

        public override VReg[] OutputRow(KernelBuilder p, VReg[] row, int count)
        {
            VReg sumNear = p.Add(row[1], row[2]), sumFar = p.Add(row[3], row[4]), near = p.Subtract(row[1], row[2]), far = p.Subtract(row[3], row[4]);
            List<VReg> results = [p.Add(row[0], p.Add(sumNear, sumFar))];
            if (count > 1)
            {
                results.Add(Combine(p, A, near, B, far));
            }

            if (count > 2)
            {
                results.Add(Combine(p, A2, sumNear, B2, sumFar));
            }

            if (count > 3)
            {
                results.Add(MultiplyAdd(p, MultiplyAdd(p, row[5], A3, near), B3, far));
            }

            return [.. results];
        }

        private static VReg Combine(KernelBuilder p, float nearFactor, VReg near, float farFactor, VReg far) => MultiplyAdd(p, p.Multiply(near, p.Constant(nearFactor)), farFactor, far);

        // A²B² a − (A² + B²) b + c
        private static VReg Outer(KernelBuilder p, VReg a, VReg b, VReg c) => MultiplySubtract(p, MultiplyAdd(p, c, A2 * B2, a), A2 + B2, b);

        // (d4 − B² d2) ± A (d3 − B² d1)
        private static VReg[] Inner(KernelBuilder p, VReg d1, VReg d2, VReg d3, VReg d4)
        {
            (VReg even, VReg odd) = (MultiplySubtract(p, d4, B2, d2), MultiplySubtract(p, d3, B2, d1));
            return [MultiplyAdd(p, even, A, odd), MultiplySubtract(p, even, A, odd)];
        }

        // (d4 − A² d2) ± B (d3 − A² d1)
        private static VReg[] Middle(KernelBuilder p, VReg d1, VReg d2, VReg d3, VReg d4)
        {
            (VReg even, VReg odd) = (MultiplySubtract(p, d4, A2, d2), MultiplySubtract(p, d3, A2, d1));
            return [MultiplyAdd(p, even, B, odd), MultiplySubtract(p, even, B, odd)];
        }
    }
}
