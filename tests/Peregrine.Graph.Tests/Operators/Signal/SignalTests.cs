using System.Numerics;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

public sealed class SignalTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(17)]
    [InlineData(100)]
    [InlineData(128)]
    public void TransformsAgreeWithTheSum(int n)
    {
        Tensor x = Samples.Random(DataType.Float64, 60, 2, n, 3, 2);
        Complex[] values = Pairs(x);
        Tensor forward = Samples.Run(new DFT(), x, null, Tensor.Scalar(1L));
        IEnumerable<Complex> expected = Samples.Coordinates(2, n, 3).Select(c => Sum(n, t => values[(((c[0] * n) + t) * 3) + c[2]], c[1]));
        Samples.Close(expected.SelectMany(z => new[] { z.Real, z.Imaginary }), forward, 1e-11);
        Samples.Close(Samples.Values(x), Samples.Run(new DFT(Inverse: true), forward, null, Tensor.Scalar(1L)), 1e-12);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void OneSidedTransformsOfRealSignals(int n)
    {
        Tensor x = Samples.Random(DataType.Float32, 61, 2, n, 1);
        double[] values = Samples.Values(x);
        Tensor half = Samples.Run(new DFT(OneSided: true), x);
        Assert.Equal([2, (n / 2) + 1, 2], half.Dims.ToArray());
        Samples.Close(Samples.Coordinates(2, (n / 2) + 1).SelectMany(c => Sum(n, t => values[(c[0] * n) + t], c[1]) is var z ? new[] { z.Real, z.Imaginary } : []), half, 1e-5);
        Tensor back = Samples.Run(new DFT(true, true), half, Tensor.Scalar((long)n));
        Assert.Equal([2, n, 1], back.Dims.ToArray());
        Samples.Close(values, back, 1e-5);
        Assert.Equal("PG2563", Samples.ErrorOf(new DFT(OneSided: true), half));
    }

    [Fact]
    public void LengthCropsAndPads()
    {
        Tensor x = Tensor.Of<float>([1, 3, 1], [1, 2, 4]);
        Samples.Close([3, 0, -1, 0], Samples.Run(new DFT(), x, Tensor.Scalar(2L)));
        Samples.Close([7, 0, -3, -2, 3, 0, -3, 2], Samples.Run(new DFT(), x, Tensor.Scalar(4)));
        Assert.Equal("PG2561", Samples.ErrorOf(new DFT(), x, Tensor.Scalar(0L)));
        Assert.Equal("PG2564", Samples.ErrorOf(new DFT(), x, null, Tensor.Scalar(-1L)));
        Samples.Close([3, 0, -1, 0], Samples.RunLegacy(DFT.Schema, 17, new() { ["axis"] = 1L }, Tensor.Of<float>([1, 2, 1], [1, 2])));
    }

    [Fact]
    public void ShortTimeTransformIsOneTransformPerFrame()
    {
        Tensor x = Samples.Random(DataType.Float32, 62, 2, 11, 1), window = Samples.Random(DataType.Float32, 63, 4);
        double[] values = Samples.Values(x), w = Samples.Values(window);
        Tensor y = Samples.Run(new STFT(), x, Tensor.Scalar(3L), window);
        Assert.Equal([2, 3, 3, 2], y.Dims.ToArray());
        Samples.Close(Samples.Coordinates(2, 3, 3).SelectMany(c => Sum(4, t => values[(c[0] * 11) + (c[1] * 3) + t] * w[t], c[2]) is var z ? new[] { z.Real, z.Imaginary } : []), y, 1e-5);
        Assert.Equal([2, 0, 21, 2], Samples.Run(new STFT(false), x, Tensor.Scalar(3L), null, Tensor.Scalar(21L)).Dims.ToArray());
        Assert.Equal("PG2561", Samples.ErrorOf(new STFT(), x, Tensor.Scalar(0L), window));
    }

    [Fact]
    public void WindowsHaveTheirKnownValues()
    {
        Samples.Close([0, 0.5, 1, 0.5], Samples.Run(new HannWindow(), Tensor.Scalar(4)));
        Samples.Close([0, 0.75, 0.75, 0], Samples.Run(new HannWindow(Periodic: false), Tensor.Scalar(4L)));
        Samples.Close([4 / 46.0, 25 / 46.0, 1, 25 / 46.0], Samples.Run(new HammingWindow(), Tensor.Scalar(4)));
        Samples.Close([0, 0.34, 1, 0.34], Samples.Run(new BlackmanWindow(DataType.Float64), Tensor.Scalar(4)), 1e-15);
        Assert.Equal([1], Samples.Values(Samples.Run(new HannWindow(Periodic: false), Tensor.Scalar(1))));
        Assert.Equal("PG2561", Samples.ErrorOf(new HannWindow(), Tensor.Scalar(-1)));
    }

    [Fact]
    public void MelBandsMustFitTheSpectrum() =>
        Assert.Equal("PG2569", Samples.ErrorOf(new MelWeightMatrix(), Tensor.Scalar(8L), Tensor.Scalar(16L), Tensor.Scalar(8192L), Tensor.Scalar(0f), Tensor.Scalar(16000f)));

    [Fact]
    public void RandomNumbersRepeatAndHaveTheirMoments()
    {
        Ints shape = [100_000];
        double[] normal = Samples.Values(Samples.Run(new RandomNormal(shape, DataType.Float32, 3, 2, 7))), uniform = Samples.Values(Samples.Run(new RandomUniform(shape, DataType.Float64, -1, 5, 7)));
        Assert.Equal(normal, Samples.Values(Samples.Run(new RandomNormal(shape, DataType.Float32, 3, 2, 7))));
        Assert.NotEqual(normal, Samples.Values(Samples.Run(new RandomNormal(shape, DataType.Float32, 3, 2, 8))));
        // Six standard errors.
        Assert.Equal(3, normal.Average(), 6 * 2 / Math.Sqrt(100_000));
        Assert.Equal(4, normal.Average(v => Math.Pow(v - 3, 2)), 6 * 4 * Math.Sqrt(2.0 / 100_000));
        Assert.All(uniform, v => Assert.InRange(v, -1, 5));
        Assert.Equal(2, uniform.Average(), 6 * Math.Sqrt(3.0 / 100_000));
        Assert.Equal(DataType.Float16, Samples.Run(new RandomNormalLike(), Tensor.Allocate(DataType.Float16, [2])).Type);
        Assert.Equal("PG2570", Samples.ErrorOf(new RandomUniform([-1])));
        Assert.Equal("PG2571", Samples.ErrorOf(new RandomUniformLike(), Tensor.Allocate(DataType.Int32, [2])));
    }

    [Fact]
    public void DrawsFollowTheirProbabilities()
    {
        float[] probabilities = [.. Enumerable.Repeat(0.3f, 100_000)];
        double[] coins = Samples.Values(Samples.Run(new Bernoulli(DataType.Bool, 1), Tensor.Vector(probabilities)));
        Assert.Equal(0.3, coins.Average(), 6 * Math.Sqrt(0.21 / 100_000));
        Tensor classes = Samples.Run(new Multinomial(DataType.Int64, 100_000, 2), Tensor.Of<float>([1, 3], [0, MathF.Log(2), float.NegativeInfinity]));
        Assert.Equal([1, 100_000], classes.Dims.ToArray());
        Assert.All(Samples.Values(classes), v => Assert.InRange(v, 0, 1));
        Assert.Equal(2 / 3.0, Samples.Values(classes).Average(), 6 * Math.Sqrt(2 / 9.0 / 100_000));
    }

    private static Complex[] Pairs(Tensor x) => [.. Samples.Values(x).Chunk(2).Select(p => new Complex(p[0], p[1]))];

    private static Complex Sum(int n, Func<int, Complex> x, long k) =>
        Enumerable.Range(0, n).Aggregate(Complex.Zero, (sum, t) => sum + (x(t) * Complex.FromPolarCoordinates(1, -2 * Math.PI * (k * t % n) / n)));
}
