using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

public sealed class NormalizationTests
{
    [Theory]
    [InlineData(DataType.Float32, 1e-6)]
    [InlineData(DataType.Float16, 1e-3)]
    [InlineData(DataType.BFloat16, 1e-2)]
    [InlineData(DataType.Float64, 1e-13)]
    public void SoftmaxFamilyAgreesWithItsDefinition(DataType type, double tolerance)
    {
        long[] dims = [2, 3, 4];
        Tensor x = Samples.Random(type, 3, dims);
        for (int axis = 0; axis < 3; axis++)
        {
            double[] sums = PerSlice(x, dims, [axis], slice => slice.Sum(Math.Exp));
            double[] norms1 = PerSlice(x, dims, [axis], slice => slice.Sum(Math.Abs)), norms2 = PerSlice(x, dims, [axis], slice => Math.Sqrt(slice.Sum(v => v * v)));
            double[] values = Samples.Values(x);
            Samples.Close(values.Zip(sums, (v, s) => Math.Exp(v) / s), Samples.Run(new Softmax(axis), x), tolerance);
            Samples.Close(values.Zip(sums, (v, s) => v - Math.Log(s)), Samples.Run(new LogSoftmax(axis - 3), x), tolerance);
            Samples.Close(values.Zip(norms1, (v, s) => v / s), Samples.Run(new LpNormalization(axis, 1), x), tolerance);
            Samples.Close(values.Zip(norms2, (v, s) => v / s), Samples.Run(new LpNormalization(axis), x), tolerance);
        }
    }

    [Fact]
    public void SoftmaxSurvivesLargeNumbersAndEmptyTensors()
    {
        Samples.Close([1 / (1 + Math.E), Math.E / (1 + Math.E)], Samples.Run(new Softmax(), Tensor.Vector(10000f, 10001f)));
        Samples.Close([-Math.Log(1 + Math.E), 1 - Math.Log(1 + Math.E)], Samples.Run(new LogSoftmax(), Tensor.Vector(10000f, 10001f)));
        Assert.Equal([2, 0], Samples.Run(new Softmax(), Tensor.Allocate(DataType.Float32, [2, 0])).Dims.ToArray());
        Assert.Equal([0, 0], Samples.Values(Samples.Run(new LpNormalization(), Tensor.Vector(0f, 0f))));
        Assert.Equal([0, 1, 0], Samples.Values(Samples.Run(new Hardmax(), Tensor.Vector(1f, 3f, 3f))));
        Assert.Equal("PG2101", Samples.ErrorOf(new Softmax(2), Tensor.Vector(1f)));
        Assert.Equal("PG2531", Samples.ErrorOf(new LpNormalization(-1, 3), Tensor.Vector(1f)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(-2)]
    public void OldSoftmaxTakesAllTrailingAxesTogether(long axis)
    {
        long[] dims = [2, 3, 4];
        Tensor x = Samples.Random(DataType.Float32, 4, dims);
        long[] together = [.. Enumerable.Range(0, 3).Where(i => i >= (axis < 0 ? axis + 3 : axis)).Select(i => (long)i)];
        double[] sums = PerSlice(x, dims, together, slice => slice.Sum(Math.Exp));
        Tensor y = Samples.RunLegacy(Softmax.Schema, 11, new() { ["axis"] = axis }, x);
        Assert.Equal(dims, y.Dims.ToArray());
        Samples.Close(Samples.Values(x).Zip(sums, (v, s) => Math.Exp(v) / s), y);
    }

    [Fact]
    public void OldSoftmaxOnTheLastAxisIsOneNode()
    {
        GraphBuilder g = new("old");
        Value x = g.Input("x", DataType.Float32, "N", 10);
        Value y = Softmax.Schema.Bindings[0].Rule(new(Softmax.Schema, "s", 9, new() { ["axis"] = 1L }, [x], 1, g, new()))![0]!;
        Assert.Equal(new Softmax(), y.Producer!.Operator);
        Assert.Single(g.Graph.Nodes);
    }

    [Fact]
    public void BatchNormalizationInBothModes()
    {
        long[] dims = [3, 2, 4];
        Tensor x = Samples.Random(DataType.Float32, 5, dims), scale = Tensor.Vector(1.5f, -2f), bias = Tensor.Vector(0.25f, 1f), mean = Tensor.Vector(0.5f, -0.5f), variance = Tensor.Vector(2f, 0.5f);
        double[] values = Samples.Values(x);
        int[] channels = [.. Samples.Coordinates(dims).Select(c => (int)c[1])];
        double[] s = Samples.Values(scale), b = Samples.Values(bias), m = Samples.Values(mean), v = Samples.Values(variance);
        Samples.Close(values.Select((e, i) => ((e - m[channels[i]]) / Math.Sqrt(v[channels[i]] + 1e-5) * s[channels[i]]) + b[channels[i]]), Samples.Run(new BatchNormalization(), x, scale, bias, mean, variance));

        double[] batchMean = [.. Enumerable.Range(0, 2).Select(c => values.Where((_, i) => channels[i] == c).Average())];
        double[] batchVariance = [.. Enumerable.Range(0, 2).Select(c => values.Where((_, i) => channels[i] == c).Average(e => Math.Pow(e - batchMean[c], 2)))];
        Tensor[] trained = Samples.Run(new BatchNormalization(1e-3f, 0.8f, true), 3, x, scale, bias, mean, variance);
        Samples.Close(values.Select((e, i) => ((e - batchMean[channels[i]]) / Math.Sqrt(batchVariance[channels[i]] + 1e-3) * s[channels[i]]) + b[channels[i]]), trained[0]);
        Samples.Close(m.Zip(batchMean, (r, c) => (0.8 * r) + (0.2 * c)), trained[1]);
        Samples.Close(v.Zip(batchVariance, (r, c) => (0.8 * r) + (0.2 * c)), trained[2]);
        Assert.Equal("PG2530", Samples.ErrorOf(new BatchNormalization(), x, Tensor.Vector(1f), bias, mean, variance));
    }

    [Fact]
    public void OldBatchNormalizationPerElement()
    {
        Tensor x = Samples.Random(DataType.Float32, 6, 2, 2, 3), scale = Samples.Random(DataType.Float32, 7, 2, 3), bias = Samples.Random(DataType.Float32, 8, 2, 3);
        Tensor mean = Samples.Random(DataType.Float32, 9, 2, 3), variance = Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6]);
        Tensor y = Samples.RunLegacy(BatchNormalization.Schema, 7, new() { ["spatial"] = 0L }, x, scale, bias, mean, variance);
        double[] s = Samples.Values(scale), b = Samples.Values(bias), m = Samples.Values(mean), v = Samples.Values(variance);
        Samples.Close(Samples.Values(x).Select((e, i) => ((e - m[i % 6]) / Math.Sqrt(v[i % 6] + 1e-5) * s[i % 6]) + b[i % 6]), y);
        Assert.Equal([2, 2, 3], y.Dims.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void GroupNormalizationPerGroupOfChannels(int groups)
    {
        long[] dims = [2, 4, 3];
        Tensor x = Samples.Random(DataType.Float32, 10, dims), scale = Samples.Random(DataType.Float32, 11, 4), bias = Samples.Random(DataType.Float32, 12, 4);
        IEnumerable<double> expected = Grouped(x, dims, groups, c => Samples.Values(scale)[c], c => Samples.Values(bias)[c]);
        Samples.Close(expected, Samples.Run(new GroupNormalization(groups, 1e-2f), x, scale, bias));
        if (groups == 4)
        {
            Samples.Close(expected, Samples.Run(new InstanceNormalization(1e-2f), x, scale, bias));
        }
    }

    [Fact]
    public void OldGroupNormalizationScalesPerGroup()
    {
        long[] dims = [2, 4, 3];
        Tensor x = Samples.Random(DataType.Float32, 13, dims), scale = Tensor.Vector(2f, -1f), bias = Tensor.Vector(0.5f, 3f);
        Tensor y = Samples.RunLegacy(GroupNormalization.Schema, 18, new() { ["num_groups"] = 2L, ["epsilon"] = 1e-2f }, x, scale, bias);
        Samples.Close(Grouped(x, dims, 2, c => Samples.Values(scale)[c / 2], c => Samples.Values(bias)[c / 2]), y);
        Assert.Equal("PG2534", Samples.ErrorOf(new GroupNormalization(3), x, scale, bias));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void LayerAndRmsNormalization(long axis)
    {
        long[] dims = [2, 3, 4];
        long[] normalised = [.. Enumerable.Range(0, 3).Where(i => i >= (axis < 0 ? axis + 3 : axis)).Select(i => (long)i)];
        Tensor x = Samples.Random(DataType.Float32, 14, dims), scale = Samples.Random(DataType.Float32, 15, 3, 1), bias = Samples.Random(DataType.Float32, 16, 4);
        double[] values = Samples.Values(x), means = PerSlice(x, dims, normalised, g => g.Average());
        double[] inverses = PerSlice(x, dims, normalised, g => 1 / Math.Sqrt(g.Average(v => Math.Pow(v - g.Average(), 2)) + 1e-5));
        double[] s = [.. Samples.Coordinates(dims).Select(c => Samples.Values(scale)[c[1]])], b = [.. Samples.Coordinates(dims).Select(c => Samples.Values(bias)[c[2]])];
        Tensor[] y = Samples.Run(new LayerNormalization(axis), 3, x, scale, bias);
        Samples.Close(values.Select((v, i) => ((v - means[i]) * inverses[i] * s[i]) + b[i]), y[0]);
        int size = (int)normalised.Aggregate(1L, (a, i) => a * dims[i]);
        Samples.Close(means.Where((_, i) => i % size == 0), y[1]);
        Samples.Close(inverses.Where((_, i) => i % size == 0), y[2]);
        Assert.Equal(dims.Select((d, i) => normalised.Contains(i) ? 1 : d), y[1].Dims.ToArray());

        double[] roots = PerSlice(x, dims, normalised, g => Math.Sqrt(g.Average(v => v * v) + 1e-5));
        Samples.Close(values.Select((v, i) => v / roots[i] * s[i]), Samples.Run(new RMSNormalization(axis), x, scale));
        Assert.Equal("PG2537", Samples.ErrorOf(new LayerNormalization(axis), x, Tensor.Vector(1f, 2f)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void LocalResponseNormalization(int size)
    {
        long[] dims = [2, 5, 2, 2];
        Tensor x = Samples.Random(DataType.Float32, 17, dims);
        double[] values = Samples.Values(x);
        IEnumerable<double> expected = Samples.Coordinates(dims).Select((c, i) =>
        {
            int first = Math.Max(0, (int)c[1] - ((size - 1) / 2)), last = Math.Min(4, (int)c[1] + (int)Math.Ceiling((size - 1) / 2.0));
            double squares = Enumerable.Range(first, last - first + 1).Sum(other => Math.Pow(values[i + ((other - (int)c[1]) * 4)], 2));
            return values[i] / Math.Pow(2 + (0.5 / size * squares), 0.75);
        });
        Samples.Close(expected, Samples.Run(new LRN(size, 0.5f, 0.75f, 2), x));
    }

    [Fact]
    public void MeanVarianceNormalizationOverTheGivenAxes()
    {
        long[] dims = [3, 2, 2, 3];
        Tensor x = Samples.Random(DataType.Float32, 18, dims);
        foreach (long[] axes in new long[][] { [0, 2, 3], [1], [0, 1, 2, 3], [-1, 0] })
        {
            double[] means = PerSlice(x, dims, axes, g => g.Average()), deviations = PerSlice(x, dims, axes, g => Math.Sqrt(g.Average(v => Math.Pow(v - g.Average(), 2))));
            Samples.Close(Samples.Values(x).Select((v, i) => (v - means[i]) / (deviations[i] + 1e-9)), Samples.Run(new MeanVarianceNormalization(Ints.From(axes)), x), 1e-5);
        }
    }

    [Fact]
    public void LossesFollowTheStandardsExamples()
    {
        // The three examples of NegativeLogLikelihoodLoss in the ONNX documentation.
        Tensor input = Tensor.Of<float>([2, 3, 2], [1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2]), target = Tensor.Of<long>([2, 2], [2, 1, 0, 2]), weight = Tensor.Vector(0.2f, 0.3f, 0.1f);
        Samples.Close([-3, -2, 0, -2], Samples.Run(new NegativeLogLikelihoodLoss(null, LossReduction.None), input, target));
        Samples.Close([-1.1], Samples.Run(new NegativeLogLikelihoodLoss(null, LossReduction.Sum), input, target, weight));
        Samples.Close([-1.1 / 0.7], Samples.Run(new NegativeLogLikelihoodLoss(), input, target, weight));
        Assert.Equal([-2], Samples.Values(Samples.Run(new NegativeLogLikelihoodLoss(2), input, Tensor.Of<long>([2, 2], [1, 2, 1, 2]))));
        Assert.Equal("PG2540", Samples.ErrorOf(new NegativeLogLikelihoodLoss(), input, Tensor.Of<long>([2, 2], [0, 3, 0, 0])));
        Assert.Equal("PG2539", Samples.ErrorOf(new NegativeLogLikelihoodLoss(), input, Tensor.Of<long>([2], [0, 1])));
    }

    [Fact]
    public void CrossEntropyIsTheLossOfTheLogSoftmax()
    {
        Tensor scores = Samples.Random(DataType.Float32, 19, 3, 4, 2), labels = Tensor.Of<int>([3, 2], [0, 1, 2, 3, -7, 1]), weights = Tensor.Vector(1f, 2f, 3f, 4f);
        Tensor[] y = Samples.Run(new SoftmaxCrossEntropyLoss(-7), 2, scores, labels, weights);
        double[] logs = [.. Samples.Values(scores).Zip(PerSlice(scores, [3, 4, 2], [1], g => Math.Log(g.Sum(Math.Exp))), (v, s) => v - s)];
        Samples.Close(logs, y[1]);
        (int N, int D, int Label)[] counted = [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (2, 1, 1)];
        Samples.Close([counted.Sum(s => -logs[(((s.N * 4) + s.Label) * 2) + s.D] * (s.Label + 1)) / counted.Sum(s => s.Label + 1)], y[0]);
    }

    /// <summary>For every element the value of <paramref name="statistic"/> over the slice of the given axes to which it belongs.</summary>
    private static double[] PerSlice(Tensor x, long[] dims, long[] axes, Func<double[], double> statistic)
    {
        string[] keys = [.. Samples.Coordinates(dims).Select(c => string.Join(',', c.Where((_, i) => !axes.Contains(i) && !axes.Contains(i - dims.Length))))];
        Dictionary<string, double> statistics = keys.Zip(Samples.Values(x)).GroupBy(p => p.First, p => p.Second, StringComparer.Ordinal).ToDictionary(g => g.Key, g => statistic([.. g]), StringComparer.Ordinal);
        return [.. keys.Select(k => statistics[k])];
    }

    private static IEnumerable<double> Grouped(Tensor x, long[] dims, int groups, Func<int, double> scale, Func<int, double> bias)
    {
        double[] values = Samples.Values(x);
        (long N, int Channel)[] places = [.. Samples.Coordinates(dims).Select(c => (c[0], (int)c[1]))];
        int perGroup = (int)dims[1] / groups;
        return values.Select((v, i) =>
        {
            double[] group = [.. values.Where((_, j) => places[j].N == places[i].N && places[j].Channel / perGroup == places[i].Channel / perGroup)];
            return ((v - group.Average()) / Math.Sqrt(group.Average(e => Math.Pow(e - group.Average(), 2)) + 1e-2) * scale(places[i].Channel)) + bias(places[i].Channel);
        });
    }
}
