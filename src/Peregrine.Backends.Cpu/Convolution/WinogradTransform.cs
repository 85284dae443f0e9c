using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// The transforms of F(m×m, 3×3) of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile of m×m results is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where d is the patch of
/// (m + 2)×(m + 2) inputs under it and g the kernel. Interpolation points are 0, ±1, ∞ for m = 2, and ±2 too for m = 4. A transform of a patch takes its columns first. A few of their rows are
/// made at a time, from inputs loaded again for each, so that 16 vector registers hold everything.
/// </summary>
internal abstract class WinogradTransform
{
    private static readonly WinogradTransform Small = new F2(), Large = new F4();

    /// <summary>m, the extent of a tile of results.</summary>
    public abstract int Tile { get; }

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

        public override double[,] KernelMatrix { get; } =
        {
            { 1 / 4.0, 0, 0 }, { -1 / 6.0, -1 / 6.0, -1 / 6.0 }, { -1 / 6.0, 1 / 6.0, -1 / 6.0 }, { 1 / 24.0, 1 / 12.0, 1 / 6.0 }, { 1 / 24.0, -1 / 12.0, 1 / 6.0 }, { 0, 0, 1 },
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
                return [p.Add(load(0), p.Add(sumNear, sumFar)), MultiplyAdd(p, sumNear, 4, sumFar)];
            }

            (VReg near, VReg far) = (p.Subtract(m1, m2), p.Subtract(m3, m4));
            return [MultiplyAdd(p, near, 2, far), p.Add(MultiplyAdd(p, near, 8, far), load(5))];
        }

        public override VReg[] OutputRow(KernelBuilder p, VReg[] row, int count)
        {
            VReg sumNear = p.Add(row[1], row[2]), sumFar = p.Add(row[3], row[4]), near = p.Subtract(row[1], row[2]), far = p.Subtract(row[3], row[4]);
            List<VReg> results = [p.Add(row[0], p.Add(sumNear, sumFar))];
            if (count > 1)
            {
                results.Add(MultiplyAdd(p, near, 2, far));
            }

            if (count > 2)
            {
                results.Add(MultiplyAdd(p, sumNear, 4, sumFar));
            }

            if (count > 3)
            {
                results.Add(p.Add(MultiplyAdd(p, near, 8, far), row[5]));
            }

            return [.. results];
        }

        // 4 a − 5 b + c
        private static VReg Outer(KernelBuilder p, VReg a, VReg b, VReg c) => MultiplySubtract(p, MultiplyAdd(p, c, 4, a), 5, b);

        // (d4 − 4 d2) ± (d3 − 4 d1)
        private static VReg[] Inner(KernelBuilder p, VReg d1, VReg d2, VReg d3, VReg d4)
        {
            (VReg even, VReg odd) = (MultiplySubtract(p, d4, 4, d2), MultiplySubtract(p, d3, 4, d1));
            return [p.Add(even, odd), p.Subtract(even, odd)];
        }

        // (d4 − d2) ± 2 (d3 − d1)
        private static VReg[] Middle(KernelBuilder p, VReg d1, VReg d2, VReg d3, VReg d4)
        {
            (VReg even, VReg odd) = (p.Subtract(d4, d2), p.Subtract(d3, d1));
            return [MultiplyAdd(p, even, 2, odd), MultiplySubtract(p, even, 2, odd)];
        }
    }
}
