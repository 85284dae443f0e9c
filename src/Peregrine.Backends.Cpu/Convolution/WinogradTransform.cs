using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// A fast algorithm for m neighbouring results of a filter of three taps along one axis: Aᵀ[(G g) ⊙ (Bᵀ d)], where d are the inputs under them and g the taps. Along both axes it makes a tile of m×m results of
/// a 3×3 convolution (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). Interpolation points, all of whose factors are exact in float32, are chosen for small rounding errors
/// (B. Barabasz, A. Anderson, K. Soodhalter and D. Gregg, "Error Analysis and Improving the Accuracy of Winograd Convolution", 2020, for the search).
/// <para>
/// Of a filter of stride 2 the outer taps see only the even inputs, as a filter of two taps and stride 1, and the middle tap only the odd ones, which need no transform.
/// </para>
/// A transform of a patch takes its columns first. A few of their points are made at a time, from inputs loaded again for each, so that 16 vector registers hold everything.
/// </summary>
internal abstract class WinogradTransform
{
    private static readonly WinogradTransform[] All = [new Near(), new Paired(), new NearStridedTransform(), new PairedStridedTransform()];

    /// <summary>m, how many results are made together.</summary>
    public abstract int Tile { get; }

    /// <summary>From the inputs of one result to those of the next.</summary>
    public abstract int Stride { get; }

    /// <summary>Tile and points: weights of one transform are of no use to another.</summary>
    public abstract string Name { get; }

    /// <summary>Inputs under a tile.</summary>
    public int Patch => ((Tile - 1) * Stride) + 3;

    /// <summary>Multiplications: the elements of a transformed patch.</summary>
    public virtual int Points => Patch;

    /// <summary>G without rows that occur before, [transformed taps, 3].</summary>
    public abstract double[,] KernelMatrix { get; }

    /// <summary>The row of <see cref="KernelMatrix"/> that a point is multiplied by.</summary>
    public virtual int KernelOf(int point) => point;

    /// <summary>Elements of Bᵀ d that are made together.</summary>
    public abstract IReadOnlyList<int[]> InputPoints { get; }

    /// <summary>Elements of Aᵀ m that are made together.</summary>
    public abstract IReadOnlyList<int[]> OutputElements { get; }

    /// <summary>The algorithm for that tile and stride.</summary>
    public static WinogradTransform Of(int tile, int stride) =>
        Array.Find(All, t => t.Tile == tile && t.Stride == stride) ?? throw new ArgumentOutOfRangeException(nameof(tile), (tile, stride), "There are tiles of 2 and 4 for strides of 1 and 2.");

    /// <summary>Those points of Bᵀ times a column; <paramref name="load"/> gives an element in a fresh register.</summary>
    public abstract VReg[] InputColumn(KernelBuilder p, int[] points, Func<int, VReg> load);

    /// <summary>A row times B, point by point; each may be stored before the next is made.</summary>
    public abstract IEnumerable<VReg> InputRow(KernelBuilder p, VReg[] row);

    /// <summary>Those elements of Aᵀ times a column; <paramref name="load"/> gives a product in a fresh register.</summary>
    public abstract VReg[] OutputColumn(KernelBuilder p, int[] elements, Func<int, VReg> load);

    /// <summary>A row times A, the first <paramref name="count"/> elements of it.</summary>
    public abstract VReg[] OutputRow(KernelBuilder p, VReg[] row, int count);

    /// <summary>Two results from the points 0, ±1, ∞.</summary>
    private sealed class Near : WinogradTransform
    {
        public override int Tile => 2;

        public override int Stride => 1;

        public override string Name => "2 at 1";

        public override double[,] KernelMatrix { get; } = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };

        public override IReadOnlyList<int[]> InputPoints { get; } = [[0], [1, 2], [3]];

        public override IReadOnlyList<int[]> OutputElements { get; } = [[0, 1]];

        public override VReg[] InputColumn(KernelBuilder p, int[] points, Func<int, VReg> load)
        {
            switch (points[0])
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

        public override IEnumerable<VReg> InputRow(KernelBuilder p, VReg[] row)
        {
            yield return p.Subtract(row[0], row[2]);
            yield return p.Add(row[1], row[2]);
            yield return p.Subtract(row[2], row[1]);
            yield return p.Subtract(row[1], row[3]);
        }

        public override VReg[] OutputColumn(KernelBuilder p, int[] elements, Func<int, VReg> load)
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

    /// <summary>Four results from the points 0, ±5/8, ±3/2, ∞: less than half the rounding errors of ±1, ±2.</summary>
    private sealed class Paired : WinogradTransform
    {
        private static readonly WinogradPoints Pairs = new(0.625f, 1.5f);

        public override int Tile => 4;

        public override int Stride => 1;

        public override string Name => "4 at 5/8 3/2";

        public override double[,] KernelMatrix { get; } = Kernels();

        public override IReadOnlyList<int[]> InputPoints { get; } = [[0], [1, 2], [3, 4], [5]];

        public override IReadOnlyList<int[]> OutputElements { get; } = [[0, 2], [1, 3]];

        public override VReg[] InputColumn(KernelBuilder p, int[] points, Func<int, VReg> load) => points[0] switch
        {
            0 => [Pairs.Outer(p, load(0), load(2), load(4))],
            1 => Pairs.Near(p, load(1), load(2), load(3), load(4)),
            3 => Pairs.Far(p, load(1), load(2), load(3), load(4)),
            _ => [Pairs.Outer(p, load(1), load(3), load(5))],
        };

        public override IEnumerable<VReg> InputRow(KernelBuilder p, VReg[] row)
        {
            yield return Pairs.Outer(p, row[0], row[2], row[4]);
            foreach (VReg point in (VReg[])[.. Pairs.Near(p, row[1], row[2], row[3], row[4]), .. Pairs.Far(p, row[1], row[2], row[3], row[4])])
            {
                yield return point;
            }

            yield return Pairs.Outer(p, row[1], row[3], row[5]);
        }

        public override VReg[] OutputColumn(KernelBuilder p, int[] elements, Func<int, VReg> load)
        {
            (VReg m1, VReg m2, VReg m3, VReg m4) = (load(1), load(2), load(3), load(4));
            if (elements[0] == 0)
            {
                (VReg sumNear, VReg sumFar) = (p.Add(m1, m2), p.Add(m3, m4));
                return [p.Add(load(0), p.Add(sumNear, sumFar)), Pairs.Second(p, sumNear, sumFar)];
            }

            (VReg near, VReg far) = (p.Subtract(m1, m2), p.Subtract(m3, m4));
            return [Pairs.First(p, near, far), Pairs.Third(p, load(5), near, far)];
        }

        public override VReg[] OutputRow(KernelBuilder p, VReg[] row, int count)
        {
            VReg sumNear = p.Add(row[1], row[2]), sumFar = p.Add(row[3], row[4]), near = p.Subtract(row[1], row[2]), far = p.Subtract(row[3], row[4]);
            List<VReg> results = [p.Add(row[0], p.Add(sumNear, sumFar))];
            if (count > 1)
            {
                results.Add(Pairs.First(p, near, far));
            }

            if (count > 2)
            {
                results.Add(Pairs.Second(p, sumNear, sumFar));
            }

            if (count > 3)
            {
                results.Add(Pairs.Third(p, row[5], near, far));
            }

            return [.. results];
        }

        private static double[,] Kernels()
        {
            double a = Pairs.A, b = Pairs.B, forA = 2 * a * a * ((a * a) - (b * b)), forB = 2 * b * b * ((b * b) - (a * a));
            return new[,]
            {
                { 1 / (a * a * b * b), 0, 0 }, { 1 / forA, a / forA, a * a / forA }, { 1 / forA, -a / forA, a * a / forA }, { 1 / forB, b / forB, b * b / forB }, { 1 / forB, -b / forB, b * b / forB }, { 0, 0, 1 },
            };
        }
    }
}
