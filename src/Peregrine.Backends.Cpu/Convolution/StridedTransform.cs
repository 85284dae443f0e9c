using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>What transforms of stride 2 share: behind the points of the outer taps come the odd inputs as they are, all multiplied by the middle tap.</summary>
internal abstract class StridedTransform : WinogradTransform
{
    public sealed override int Stride => 2;

    public sealed override int Points => Outer + Tile;

    public sealed override IReadOnlyList<int[]> OutputElements => [.. Enumerable.Range(0, Tile).Select(i => (int[])[i])];

    public sealed override IReadOnlyList<int[]> InputPoints => [.. Enumerable.Range(0, Points).Select(i => (int[])[i])];

    /// <summary>Points of the outer taps.</summary>
    private int Outer => Tile + 1;

    public sealed override int KernelOf(int point) => Math.Min(point, Outer);

    public sealed override VReg[] InputColumn(KernelBuilder p, int[] points, Func<int, VReg> load) => [points[0] < Outer ? OuterPoint(p, points[0], i => load(2 * i)) : load(Odd(points[0]))];

    public sealed override IEnumerable<VReg> InputRow(KernelBuilder p, VReg[] row)
    {
        foreach (VReg point in OuterPoints(p, [.. Enumerable.Range(0, Outer).Select(i => row[2 * i])]))
        {
            yield return point;
        }

        for (int point = Outer; point < Points; point++)
        {
            yield return row[Odd(point)];
        }
    }

    public sealed override VReg[] OutputColumn(KernelBuilder p, int[] elements, Func<int, VReg> load) => [p.Add(OuterSum(p, elements[0], load), load(Outer + elements[0]))];

    public sealed override VReg[] OutputRow(KernelBuilder p, VReg[] row, int count) => [.. OuterSums(p, row, count).Select((sum, i) => p.Add(sum, row[Outer + i]))];

    /// <summary>A point of the outer taps, from the even inputs.</summary>
    protected abstract VReg OuterPoint(KernelBuilder p, int point, Func<int, VReg> load);

    /// <summary>All of them.</summary>
    protected abstract IEnumerable<VReg> OuterPoints(KernelBuilder p, VReg[] even);

    /// <summary>A result of the outer taps.</summary>
    protected abstract VReg OuterSum(KernelBuilder p, int element, Func<int, VReg> load);

    /// <summary>The first of them.</summary>
    protected abstract IEnumerable<VReg> OuterSums(KernelBuilder p, VReg[] row, int count);

    private int Odd(int point) => (2 * (point - Outer)) + 1;
}

/// <summary>Two results of stride 2 from the points 0, 1, ∞.</summary>
internal sealed class NearStridedTransform : StridedTransform
{
    public override int Tile => 2;

    public override string Name => "2 of stride 2 at 1";

    public override double[,] KernelMatrix { get; } = { { 1, 0, 0 }, { 1, 0, 1 }, { 0, 0, 1 }, { 0, 1, 0 } };

    protected override VReg OuterPoint(KernelBuilder p, int point, Func<int, VReg> load) => point == 1 ? load(1) : p.Subtract(load(point), load(1));

    protected override IEnumerable<VReg> OuterPoints(KernelBuilder p, VReg[] even)
    {
        yield return p.Subtract(even[0], even[1]);
        yield return even[1];
        yield return p.Subtract(even[2], even[1]);
    }

    protected override VReg OuterSum(KernelBuilder p, int element, Func<int, VReg> load) => p.Add(load(element), load(element + 1));

    protected override IEnumerable<VReg> OuterSums(KernelBuilder p, VReg[] row, int count) => Enumerable.Range(0, count).Select(i => p.Add(row[i], row[i + 1]));
}

/// <summary>Four results of stride 2 from the points ±1/2, ±5/4, ∞: rounding errors like those of direct convolution.</summary>
internal sealed class PairedStridedTransform : StridedTransform
{
    private static readonly WinogradPoints Pairs = new(0.5f, 1.25f);

    public override int Tile => 4;

    public override string Name => "4 of stride 2 at 1/2 5/4";

    public override double[,] KernelMatrix { get; } = Kernels();

    protected override VReg OuterPoint(KernelBuilder p, int point, Func<int, VReg> load) => point switch
    {
        0 or 1 => Pairs.Near(p, load(0), load(1), load(2), load(3), point == 1),
        2 or 3 => Pairs.Far(p, load(0), load(1), load(2), load(3), point == 3),
        _ => Pairs.Outer(p, load(0), load(2), load(4)),
    };

    protected override IEnumerable<VReg> OuterPoints(KernelBuilder p, VReg[] even)
    {
        foreach (VReg point in Pairs.Near(p, even[0], even[1], even[2], even[3]))
        {
            yield return point;
        }

        foreach (VReg point in Pairs.Far(p, even[0], even[1], even[2], even[3]))
        {
            yield return point;
        }

        yield return Pairs.Outer(p, even[0], even[2], even[4]);
    }

    protected override VReg OuterSum(KernelBuilder p, int element, Func<int, VReg> load)
    {
        VReg Sum(int first) => p.Add(load(first), load(first + 1));
        VReg Difference(int first) => p.Subtract(load(first), load(first + 1));
        return element switch
        {
            0 => p.Add(Sum(0), Sum(2)),
            1 => Pairs.First(p, Difference(0), Difference(2)),
            2 => Pairs.Second(p, Sum(0), Sum(2)),
            _ => Pairs.Third(p, load(4), Difference(0), Difference(2)),
        };
    }

    protected override IEnumerable<VReg> OuterSums(KernelBuilder p, VReg[] row, int count)
    {
        VReg sumNear = p.Add(row[0], row[1]), sumFar = p.Add(row[2], row[3]), near = p.Subtract(row[0], row[1]), far = p.Subtract(row[2], row[3]);
        for (int i = 0; i < count; i++)
        {
            yield return i switch
            {
                0 => p.Add(sumNear, sumFar),
                1 => Pairs.First(p, near, far),
                2 => Pairs.Second(p, sumNear, sumFar),
                _ => Pairs.Third(p, row[4], near, far),
            };
        }
    }

    private static double[,] Kernels()
    {
        double a = Pairs.A, b = Pairs.B, forA = 2 * ((a * a) - (b * b)), forB = 2 * ((b * b) - (a * a));
        return new[,] { { 1 / (a * forA), 0, 1 / forA }, { -1 / (a * forA), 0, 1 / forA }, { 1 / (b * forB), 0, 1 / forB }, { -1 / (b * forB), 0, 1 / forB }, { 0, 0, 1 }, { 0, 1, 0 } };
    }
}
