using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

public sealed class SearchTests
{
    [Theory]
    [InlineData(0, true, false)]
    [InlineData(1, false, true)]
    [InlineData(-1, true, true)]
    public void ArgMaxAgreesWithASearch(long axis, bool keepDims, bool last)
    {
        long[] dims = [4, 5, 3];
        Tensor x = Samples.Random(DataType.Int8, 11, dims);
        int at = (int)(axis < 0 ? axis + 3 : axis);
        double[] values = Samples.Values(x);
        IEnumerable<double> expected = Samples.Coordinates(dims).Zip(values)
            .GroupBy(p => string.Join(',', p.First.Where((_, i) => i != at)), StringComparer.Ordinal)
            .Select(g => g.Select(p => p.Second).ToArray())
            .Select(g => (double)(last ? Array.LastIndexOf(g, g.Max()) : Array.IndexOf(g, g.Max())));
        Tensor y = Samples.Run(new ArgMax(axis, keepDims, last), x);
        Assert.Equal(expected, Samples.Values(y));
        Assert.Equal(DataType.Int64, y.Type);
        Assert.Equal(dims.Select((d, i) => i == at ? 1 : d).Where((_, i) => keepDims || i != at), y.Dims.ToArray());
    }

    [Fact]
    public void ArgMinTakesTheFirstNaN()
    {
        Assert.Equal(1, Samples.Run(new ArgMin(), Tensor.Vector(1f, float.NaN, -5f, float.NaN)).Span<long>()[0]);
        Assert.Equal(3, Samples.Run(new ArgMin(0, true, true), Tensor.Vector(1f, float.NaN, -5f, float.NaN)).Span<long>()[0]);
        Assert.Equal(2, Samples.Run(new ArgMin(), Tensor.Vector(1f, 0f, -5f, -5f)).Span<long>()[0]);
        Assert.Equal("PG2522", Samples.ErrorOf(new ArgMax(), Tensor.Allocate(DataType.Float32, [0, 2])));
    }

    [Theory]
    [InlineData(false, false, new double[] { 1, 3, 6 }, new double[] { 1, 2, 6 })]
    [InlineData(true, false, new double[] { 0, 1, 3 }, new double[] { 1, 1, 2 })]
    [InlineData(false, true, new double[] { 6, 5, 3 }, new double[] { 6, 6, 3 })]
    [InlineData(true, true, new double[] { 5, 3, 0 }, new double[] { 6, 3, 1 })]
    public void CumulativeOperatorsFollowTheStandardsExample(bool exclusive, bool reverse, double[] sums, double[] products)
    {
        foreach (DataType type in new[] { DataType.Float32, DataType.Int32, DataType.UInt64 })
        {
            Tensor x = Tensor.Allocate(type, [3]);
            ElementConversion.Store<double>([1, 2, 3], x);
            Assert.Equal(sums, Samples.Values(Samples.Run(new CumSum(exclusive, reverse), x, Tensor.Scalar(0))));
            Assert.Equal(products, Samples.Values(Samples.Run(new CumProd(exclusive, reverse), x, Tensor.Scalar(-1L))));
        }
    }

    [Fact]
    public void CumSumRunsAlongItsAxis()
    {
        Tensor x = Tensor.Of<double>([2, 3], [1, 2, 3, 4, 5, 6]);
        Assert.Equal([1, 2, 3, 5, 7, 9], Samples.Values(Samples.Run(new CumSum(), x, Tensor.Scalar(0))));
        Assert.Equal([1, 3, 6, 4, 9, 15], Samples.Values(Samples.Run(new CumSum(), x, Tensor.Scalar(-1))));
        Assert.Equal("PG2101", Samples.ErrorOf(new CumSum(), x, Tensor.Scalar(2)));
        Assert.Equal("PG2523", Samples.ErrorOf(new CumSum(), x, Tensor.Vector(0, 1)));
    }

    [Theory]
    [InlineData(0, true, 3)]
    [InlineData(1, false, 7)]
    [InlineData(-1, true, 1)]
    [InlineData(1, true, 0)]
    public void TopKAgreesWithAStableSort(long axis, bool largest, long k)
    {
        long[] dims = [5, 7, 4];
        Tensor x = Samples.Random(DataType.Int32, 13, dims);
        int at = (int)(axis < 0 ? axis + 3 : axis);
        Tensor[] y = Samples.Run(new TopK(axis, largest), 2, x, Tensor.Vector(k));
        long[] outDims = [.. dims.Select((d, i) => i == at ? k : d)];
        Assert.Equal(outDims, y[0].Dims.ToArray());
        Dictionary<string, (double Value, long Index)[]> sorted = Samples.Coordinates(dims).Zip(Samples.Values(x))
            .GroupBy(p => string.Join(',', p.First.Where((_, i) => i != at)), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select((p, i) => (p.Second, (long)i)).OrderBy(p => largest ? -p.Second : p.Second).ToArray(), StringComparer.Ordinal);
        foreach ((long[] coordinates, (double value, double index)) in Samples.Coordinates(outDims).Zip(Samples.Values(y[0]).Zip(Samples.Values(y[1]))))
        {
            Assert.Equal(sorted[string.Join(',', coordinates.Where((_, i) => i != at))][coordinates[at]], (value, (long)index));
        }
    }

    [Fact]
    public void TopKOfAMillionIsASort()
    {
        float[] values = new float[1_000_000];
        Random random = new(17);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.Next(1000);
        }

        Tensor[] y = Samples.Run(new TopK(), 2, Tensor.Vector(values), Tensor.Vector(1_000_000L));
        long[] expected = [.. values.Select((v, i) => (v, i)).OrderByDescending(p => p.v).Select(p => (long)p.i)];
        Assert.Equal(expected, y[1].Span<long>().ToArray());
    }

    [Fact]
    public void TopKTakesNaNForTheLargest()
    {
        Tensor x = Tensor.Vector(1f, float.NaN, 3f);
        Assert.Equal([1, 2, 0], Samples.Run(new TopK(), 2, x, Tensor.Vector(3L))[1].Span<long>().ToArray());
        Assert.Equal([0, 2, 1], Samples.Run(new TopK(-1, false), 2, x, Tensor.Vector(3L))[1].Span<long>().ToArray());
    }

    [Fact]
    public void TopKChecksK()
    {
        Tensor x = Tensor.Vector(1f, 2f);
        Assert.Equal("PG2524", Samples.ErrorOf(new TopK(), x, Tensor.Vector(3L)));
        Assert.Equal("PG2524", Samples.ErrorOf(new TopK(), x, Tensor.Vector(-1L)));
        Assert.Equal("PG2523", Samples.ErrorOf(new TopK(), x, Tensor.Vector(1L, 1L)));
        GraphBuilder g = new("k");
        Value values = g.CallMany(new TopK(), [g.Input("x", DataType.Float32, "N", 5), g.Input("k", DataType.Int64, 1)], 2)[0]!;
        Dim k = values.Tensor!.Shape[1];
        Assert.Equal((0, 5), g.Graph.Symbols.RangeOf(k));
        Assert.Equal(Dim.Symbol("N"), values.Tensor.Shape[0]);
    }

    [Fact]
    public void OldTopKHasAnAttribute() =>
        Assert.Equal([5, 3], Samples.Values(Samples.RunLegacy(TopK.Schema, 9, new() { ["k"] = 2L }, Tensor.Vector(3f, 1f, 5f))));
}
