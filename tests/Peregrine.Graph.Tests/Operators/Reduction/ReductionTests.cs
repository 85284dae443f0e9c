using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

public sealed class ReductionTests
{
    private static readonly Dictionary<string, (Func<bool, bool, Peregrine.Operators.Reduction> Create, Func<double[], double> Oracle)> All = new(StringComparer.Ordinal)
    {
        ["Sum"] = ((k, n) => new ReduceSum(k, n), x => x.Sum()),
        ["Mean"] = ((k, n) => new ReduceMean(k, n), x => x.Sum() / x.Length),
        ["Max"] = ((k, n) => new ReduceMax(k, n), x => x.Max()),
        ["Min"] = ((k, n) => new ReduceMin(k, n), x => x.Min()),
        ["Prod"] = ((k, n) => new ReduceProd(k, n), x => x.Aggregate(1.0, (a, b) => a * b)),
        ["L1"] = ((k, n) => new ReduceL1(k, n), x => x.Sum(Math.Abs)),
        ["L2"] = ((k, n) => new ReduceL2(k, n), x => Math.Sqrt(x.Sum(v => v * v))),
        ["LogSum"] = ((k, n) => new ReduceLogSum(k, n), x => Math.Log(x.Sum())),
        ["LogSumExp"] = ((k, n) => new ReduceLogSumExp(k, n), x => Math.Log(x.Sum(Math.Exp))),
        ["SumSquare"] = ((k, n) => new ReduceSumSquare(k, n), x => x.Sum(v => v * v)),
    };

    public static TheoryData<string, long[]> NamesAndAxes()
    {
        TheoryData<string, long[]> data = [];
        foreach (string name in All.Keys)
        {
            foreach (long[] axes in new long[][] { [], [0], [1], [-1], [0, 2], [1, 3], [0, 1, 2, 3], [-2, 0] })
            {
                data.Add(name, axes);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(NamesAndAxes))]
    public void AgreesWithGroupingInDouble(string name, long[] axes)
    {
        long[] dims = [3, 4, 1, 5];
        foreach (DataType type in new[] { DataType.Float32, DataType.Float64, DataType.Float16 })
        {
            Tensor x = Samples.Random(type, 7, dims);
            double tolerance = type == DataType.Float16 ? 1e-3 : 1e-6;
            foreach (bool keepDims in new[] { true, false })
            {
                Tensor y = Samples.Run(All[name].Create(keepDims, false), x, Tensor.Vector<long>(axes));
                Samples.Close(Groups(Samples.Values(x), dims, axes).Select(All[name].Oracle).Select(v => Rounded(v, type)), y, tolerance);
                bool[] reduced = [.. dims.Select((_, i) => axes.Length == 0 || axes.Contains(i) || axes.Contains(i - dims.Length))];
                Assert.Equal(dims.Select((d, i) => reduced[i] ? 1 : d).Where((_, i) => keepDims || !reduced[i]), y.Dims.ToArray());
            }
        }
    }

    [Theory]
    [InlineData("Sum")]
    [InlineData("Prod")]
    [InlineData("Max")]
    [InlineData("Min")]
    [InlineData("L1")]
    [InlineData("SumSquare")]
    public void IntegersAreExact(string name)
    {
        foreach (DataType type in new[] { DataType.Int32, DataType.Int64, DataType.UInt32, DataType.UInt64 })
        {
            Tensor x = Samples.Random(type, 3, 4, 3);
            Assert.Equal(Groups(Samples.Values(x), [4, 3], [1]).Select(All[name].Oracle), Samples.Values(Samples.Run(All[name].Create(false, false), x, Tensor.Vector(1L))));
        }
    }

    [Fact]
    public void IntegersBeyondDoubleStayExact()
    {
        Tensor x = Tensor.Vector(long.MaxValue - 5, 3L);
        Assert.Equal(long.MaxValue - 2, Samples.Run(new ReduceSum(false), x).Span<long>()[0]);
        Assert.Equal(long.MaxValue - 5, Samples.Run(new ReduceMax(false), x).Span<long>()[0]);
        Assert.Equal(ulong.MaxValue, Samples.Run(new ReduceMax(false), Tensor.Vector(ulong.MaxValue, 3UL)).Span<ulong>()[0]);
    }

    [Fact]
    public void EmptyReductionsGiveTheNeutralElement()
    {
        Tensor floats = Tensor.Allocate(DataType.Float32, [2, 0, 4]), ints = Tensor.Allocate(DataType.Int32, [2, 0]), bytes = Tensor.Allocate(DataType.UInt8, [2, 0]);
        Tensor axis = Tensor.Vector(1L);
        (string Name, double Value)[] expected =
        [
            ("Sum", 0), ("Prod", 1), ("Max", double.NegativeInfinity), ("Min", double.PositiveInfinity), ("Mean", double.NaN), ("L1", 0), ("L2", 0),
            ("LogSum", double.NegativeInfinity), ("LogSumExp", double.NegativeInfinity), ("SumSquare", 0),
        ];
        foreach ((string name, double value) in expected)
        {
            Tensor y = Samples.Run(All[name].Create(true, false), floats, axis);
            Assert.Equal([2, 1, 4], y.Dims.ToArray());
            Assert.All(Samples.Values(y), v => Assert.Equal(value, v));
        }

        Assert.Equal([int.MinValue, int.MinValue], Samples.Run(new ReduceMax(false), ints, axis).Span<int>().ToArray());
        Assert.Equal([int.MaxValue, int.MaxValue], Samples.Run(new ReduceMin(false), ints, axis).Span<int>().ToArray());
        Assert.Equal([255, 255], Samples.Values(Samples.Run(new ReduceMin(false), bytes, axis)));
        Assert.Equal([0, 0], Samples.Values(Samples.Run(new ReduceMean(false), ints, axis)));
        Assert.Empty(Samples.Values(Samples.Run(new ReduceSum(false), floats, Tensor.Vector(0L))));
    }

    [Fact]
    public void BoolComparesFalseBelowTrue()
    {
        Tensor x = Tensor.Allocate(DataType.Bool, [2, 2]);
        x.Data.Span[1] = 1;
        Assert.Equal([1, 0], Samples.Values(Samples.Run(new ReduceMax(false), x, Tensor.Vector(1L))));
        Assert.Equal([0, 0], Samples.Values(Samples.Run(new ReduceMin(false), x, Tensor.Vector(1L))));
    }

    [Fact]
    public void WithoutAxesNoopOnlyAppliesTheFunction()
    {
        Tensor x = Tensor.Of<float>([2, 2], [-1, 2, 3, -4]);
        Assert.Equal([1, 4, 9, 16], Samples.Values(Samples.Run(new ReduceSumSquare(true, true), x)));
        Assert.Equal([1, 2, 3, 4], Samples.Values(Samples.Run(new ReduceL1(false, true), x, Tensor.Allocate(DataType.Int64, [0]))));
    }

    [Fact]
    public void NaNAndInfinityComeThrough()
    {
        Tensor nan = Tensor.Vector(1f, float.NaN, 2f), infinite = Tensor.Vector(float.PositiveInfinity, 1f, float.PositiveInfinity), low = Tensor.Vector(float.NegativeInfinity, float.NegativeInfinity);
        Assert.All(new Peregrine.Operators.Reduction[] { new ReduceMax(), new ReduceMin(), new ReduceLogSumExp(), new ReduceSum() }, op => Assert.True(double.IsNaN(Samples.Values(Samples.Run(op, nan))[0])));
        Assert.Equal([double.PositiveInfinity], Samples.Values(Samples.Run(new ReduceLogSumExp(), infinite)));
        Assert.Equal([double.NegativeInfinity], Samples.Values(Samples.Run(new ReduceLogSumExp(), low)));
        Samples.Close([1000 + Math.Log(2)], Samples.Run(new ReduceLogSumExp(), Tensor.Vector(1000f, 1000f)));
    }

    [Fact]
    public void ShapeArithmeticKeepsItsContents()
    {
        GraphBuilder g = new("shapes");
        Value shape = g.Call(new ShapeOf(), g.Input("x", DataType.Float32, "N", 3, 4));
        Dim n = Dim.Symbol("N");
        Assert.Equal([n * 12], g.Call(new ReduceProd(false), shape).Contents!);
        Assert.Equal([n + 7], g.Call(new ReduceSum(true), shape, g.Constant("axes", 0L)).Contents!);
        Assert.Equal([Dim.Max(Dim.Max(n, 3), 4)], g.Call(new ReduceMax(false), shape).Contents!);
    }

    [Fact]
    public void UnknownAxesKeepWhatIsKnown()
    {
        GraphBuilder g = new("axes");
        Value x = g.Input("x", DataType.Float32, 2, 3), axes = g.Input("axes", DataType.Int64, 1);
        Assert.Equal(2, g.Call(new ReduceSum(), x, axes).Tensor!.Shape.Rank);
        Assert.Equal(1, g.Call(new ReduceSum(false), x, axes).Tensor!.Shape.Rank);
        Assert.False(g.Call(new ReduceSum(), g.Input("u", new TensorType(DataType.Float32, Shape.Unranked))).Tensor!.Shape.IsRanked);
    }

    [Fact]
    public void WrongAxesAndTypesAreErrors()
    {
        Tensor x = Samples.Random(DataType.Float32, 1, 2, 3);
        Assert.Equal("PG2101", Samples.ErrorOf(new ReduceSum(), x, Tensor.Vector(2L)));
        Assert.Equal("PG2120", Samples.ErrorOf(new ReduceSum(), x, Tensor.Vector(1L, -1L)));
        Assert.Equal("PG2103", Samples.ErrorOf(new ReduceSum(), Tensor.Allocate(DataType.Bool, [2])));
        Assert.Equal("PG2103", Samples.ErrorOf(new ReduceSum(), x, Tensor.Vector(1f)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    [InlineData(17)]
    public void OldOpsetsNameAxesByAttribute(int opset)
    {
        Tensor x = Samples.Random(DataType.Float32, 5, 2, 3, 4);
        AttributeBag attributes = new() { ["axes"] = Ints.From([0, -1]), ["keepdims"] = 0L };
        Tensor y = Samples.RunLegacy(ReduceMean.Schema, opset, attributes, x);
        Assert.Equal([3], y.Dims.ToArray());
        Samples.Close(Groups(Samples.Values(x), [2, 3, 4], [0, 2]).Select(g => g.Average()), y);
    }

    private static double Rounded(double value, DataType type) => type == DataType.Float32 ? (float)value : value;

    /// <summary>The elements of each output in row-major order of the outputs.</summary>
    private static IEnumerable<double[]> Groups(double[] x, long[] dims, long[] axes)
    {
        bool[] reduced = [.. dims.Select((_, i) => axes.Length == 0 || axes.Contains(i) || axes.Contains(i - dims.Length))];
        return Samples.Coordinates(dims).Zip(x)
            .GroupBy(p => string.Join(',', p.First.Where((_, i) => !reduced[i])), p => p.Second, StringComparer.Ordinal)
            .Select(g => g.ToArray());
    }
}
