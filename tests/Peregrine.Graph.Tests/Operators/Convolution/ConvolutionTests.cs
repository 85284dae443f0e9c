using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Convolution;

public sealed class ConvolutionTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Conv_agrees_with_the_direct_loop(int seed)
    {
        Random random = new(seed);
        WindowCase w = WindowCase.Create(random);
        int group = random.Next(1, 4), channels = random.Next(1, 4), maps = random.Next(1, 7), volume = Product(w.Input), taps = Product(w.Kernel), windows = w.Extents().Output.Aggregate(1, (a, b) => a * b);
        Tensor x = Evaluated.Random(random, [2, group * channels, .. w.Input]), weights = Evaluated.Random(random, [group * maps, channels, .. w.Kernel]);
        Tensor? bias = random.Next(2) == 0 ? null : Evaluated.Random(random, group * maps);
        double[] expected = new double[2 * group * maps * windows];
        for (int map = 0; map < 2 * group * maps; map++)
        {
            int image = map / (group * maps), m = map % (group * maps), g = m / maps;
            expected.AsSpan(map * windows, windows).Fill(bias?.Span<float>()[m] ?? 0);
            w.Visit((o, k, i) =>
            {
                for (int c = 0; c < channels && i >= 0; c++)
                {
                    expected[(map * windows) + o] += (double)x.Span<float>()[(((image * group * channels) + (g * channels) + c) * volume) + i] * weights.Span<float>()[(((m * channels) + c) * taps) + k];
                }
            });
        }

        WindowAttributes a = w.Window;
        Tensor y = Evaluated.One(new Conv(a.AutoPad, a.Dilations, group, default, a.Pads, a.Strides), x, weights, bias);
        Assert.Equal([2, group * maps, .. w.Extents().Output.Select(e => (long)e)], y.Dims.ToArray());
        Evaluated.Near(expected, y);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ConvTranspose_is_the_transpose_of_conv(int seed)
    {
        Random random = new(seed);
        WindowCase w = WindowCase.Create(random) with { AutoPad = AutoPad.NotSet };
        int group = random.Next(1, 3), channels = random.Next(1, 4), maps = random.Next(1, 4), volume = Product(w.Input), taps = Product(w.Kernel);
        int[] small = w.Extents().Output;
        int windows = small.Aggregate(1, (a, b) => a * b);
        // What floor division loses going down, output_padding gives back going up.
        long[] lost = [.. Enumerable.Range(0, w.Rank).Select(i => w.Input[i] - (((small[i] - 1) * w.Strides[i]) + ((w.Kernel[i] - 1) * w.Dilations[i]) + 1 - w.Pads[i] - w.Pads[i + w.Rank]))];
        Tensor x = Evaluated.Random(random, [2, group * channels, .. small.Select(e => (long)e)]), weights = Evaluated.Random(random, [group * channels, maps, .. w.Kernel]);
        double[] expected = new double[2 * group * maps * volume];
        for (int plane = 0; plane < 2 * group * channels; plane++)
        {
            int image = plane / (group * channels), c = plane % (group * channels), g = c / channels;
            w.Visit((o, k, i) =>
            {
                for (int m = 0; m < maps && i >= 0; m++)
                {
                    expected[(((((image * group) + g) * maps) + m) * volume) + i] += (double)x.Span<float>()[(plane * windows) + o] * weights.Span<float>()[(((c * maps) + m) * taps) + k];
                }
            });
        }

        WindowAttributes a = w.Window;
        Tensor y = Evaluated.One(new ConvTranspose(AutoPad.NotSet, a.Dilations, group, default, Ints.Create(lost), default, a.Pads, a.Strides), x, weights);
        Assert.Equal([2, group * maps, .. w.Input], y.Dims.ToArray());
        Evaluated.Near(expected, y);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Pools_agree_with_the_direct_loop(int seed)
    {
        Random random = new(seed);
        WindowCase w = WindowCase.Create(random, ceil: true);
        int volume = Product(w.Input), windows = w.Extents().Output.Aggregate(1, (a, b) => a * b);
        Tensor x = Evaluated.Random(random, [2, 3, .. w.Input]);
        double[] largest = new double[6 * windows], sum = new double[6 * windows], inside = new double[6 * windows], padded = new double[6 * windows], squares = new double[6 * windows];
        Array.Fill(largest, double.NegativeInfinity);
        for (int plane = 0; plane < 6; plane++)
        {
            w.Visit((o, _, i) =>
            {
                int at = (plane * windows) + o;
                padded[at] += i >= -1 ? 1 : 0;
                if (i >= 0)
                {
                    double value = x.Span<float>()[(plane * volume) + i];
                    largest[at] = Math.Max(largest[at], value);
                    sum[at] += value;
                    squares[at] += value * value;
                    inside[at]++;
                }
            });
        }

        WindowAttributes a = w.Window;
        Ints kernel = Ints.Create(w.Kernel);
        Tensor[] max = Evaluated.Many(new MaxPool(a.AutoPad, w.Ceil, a.Dilations, kernel, a.Pads, false, a.Strides), 2, x);
        Assert.Equal(largest.Select(v => (float)v), max[0].Span<float>().ToArray());
        for (int i = 0; i < largest.Length; i++)
        {
            long index = max[1].Span<long>()[i];
            Assert.Equal(max[0].Span<float>()[i], index < 0 ? float.NegativeInfinity : x.Span<float>()[(int)index]);
        }

        Evaluated.Near([.. sum.Zip(inside, (s, n) => n == 0 ? 0 : s / n)], Evaluated.One(new AveragePool(a.AutoPad, w.Ceil, false, a.Dilations, kernel, a.Pads, a.Strides), x));
        Evaluated.Near([.. sum.Zip(padded, (s, n) => s / n)], Evaluated.One(new AveragePool(a.AutoPad, w.Ceil, true, a.Dilations, kernel, a.Pads, a.Strides), x));
        Evaluated.Near([.. squares.Select(Math.Sqrt)], Evaluated.One(new LpPool(a.AutoPad, w.Ceil, a.Dilations, kernel, 2, a.Pads, a.Strides), x));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_symbolic_geometry_evaluates_to_the_concrete_one(int seed)
    {
        WindowCase w = WindowCase.Create(new Random(seed), ceil: true);
        WindowGeometry symbolic = w.Window.Resolve([.. Enumerable.Range(0, w.Rank).Select(i => Dim.Symbol($"d{i}"))], [.. w.Kernel.Select(k => (Dim)k)]);
        (int[] output, int[] begin, int[] end) = w.Extents();
        for (int i = 0; i < w.Rank; i++)
        {
            Assert.Equal(output[i], symbolic.Axes[i].Output.Evaluate(name => w.Input[name[1] - '0']));
            Assert.Equal(begin[i], symbolic.Axes[i].PadBegin.Evaluate(name => w.Input[name[1] - '0']));
            Assert.Equal(end[i], symbolic.Axes[i].PadEnd.Evaluate(name => w.Input[name[1] - '0']));
        }
    }

    [Fact]
    public void Shapes_stay_symbolic()
    {
        Conv conv = new(Pads: [1, 1, 1, 1], Strides: [2, 2]);
        Assert.Equal([Dim.Symbol("N"), 64, Dim.FloorDiv(Dim.Symbol("H") + 1, 2), 112], Evaluated.Shape(conv, Evaluated.Type("N", 3, "H", 224), Evaluated.Type(64, 3, 3, 3)));
        Assert.Equal("[N,4,2*H,2*H]", Evaluated.Shape(new ConvTranspose(Strides: [2, 2]), Evaluated.Type("N", 3, "H", "H"), Evaluated.Type(3, 4, 2, 2)).ToString());
        Assert.Equal("[N,C,1,1]", Evaluated.Shape(new GlobalAveragePool(), Evaluated.Type("N", "C", "H", "W")).ToString());
    }

    [Fact]
    public void Misfits_are_named()
    {
        Random random = new(1);
        Tensor x = Evaluated.Random(random, 1, 4, 5, 5);
        Evaluated.Fails("PG2211", new Conv(), x, Evaluated.Random(random, 2, 3, 3, 3));
        Evaluated.Fails("PG2212", new Conv(), x, Evaluated.Random(random, 2, 4, 7, 3));
        Evaluated.Fails("PG2213", new Conv(Strides: [0, 1]), x, Evaluated.Random(random, 2, 4, 3, 3));
        Evaluated.Fails("PG2213", new Conv(Pads: [1, 1]), x, Evaluated.Random(random, 2, 4, 3, 3));
        Evaluated.Fails("PG2214", new Conv(KernelShape: [5, 5]), x, Evaluated.Random(random, 2, 4, 3, 3));
        Evaluated.Fails("PG2215", new Conv(), x, Evaluated.Random(random, 2, 4, 3, 3), Evaluated.Random(random, 3));
        Evaluated.Fails("PG2216", new MaxPool(KernelShape: [2]), x);
        Evaluated.Fails("PG2220", new MaxUnpool([2, 2]), Evaluated.Floats([1, 1, 1, 1], 5), Tensor.Of<long>([1, 1, 1, 1], [4]));
    }

    [Fact]
    public void Column_major_indices_count_the_first_spatial_axis_fastest()
    {
        Tensor x = Evaluated.Floats([1, 1, 2, 3], 1, 2, 9, 4, 5, 6);
        Assert.Equal(4, Evaluated.Many(new MaxPool(KernelShape: [2, 3], ColumnMajorIndices: true), 2, x)[1].Span<long>()[0]);
        Assert.Equal(2, Evaluated.Many(new MaxPool(KernelShape: [2, 3]), 2, x)[1].Span<long>()[0]);
    }

    [Fact]
    public void Integer_convolution_subtracts_zero_points_before_padding()
    {
        Tensor x = Tensor.Of<byte>([1, 1, 1, 2], [3, 5]), w = Tensor.Of<byte>([1, 1, 1, 3], [1, 2, 3]);
        Tensor y = Evaluated.One(new ConvInteger(Pads: [0, 1, 0, 1]), x, w, Tensor.Scalar<byte>(2), Tensor.Scalar<byte>(1));
        Assert.Equal([(1 * 1) + (3 * 2), (1 * 0) + (3 * 1)], y.Span<int>().ToArray());
    }

    private static int Product(long[] extents) => (int)extents.Aggregate(1L, (a, b) => a * b);
}
