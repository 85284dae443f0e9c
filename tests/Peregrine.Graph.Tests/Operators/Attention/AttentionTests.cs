using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

public sealed class AttentionTests
{
    /// <summary>Which keys a query sees, and what is added to its scores: batch, head, query, key.</summary>
    private delegate double Bias(int batch, int head, int query, int key);

    [Fact]
    public void PlainAttentionAgreesWithItsDefinition()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 3, 3, 4, 6, 8, 5);
        Samples.Close(Oracle(q, k, v, (_, _, _, _) => 0), Samples.Run(new Attention(), q, k, v), 1e-5);
        Samples.Close(Oracle(q, k, v, (_, _, _, _) => 0, scale: 0.3, cap: 0.5), Samples.Run(new Attention(Scale: 0.3f, SoftCap: 0.5f), q, k, v), 1e-5);
    }

    [Fact]
    public void QueryHeadsShareKeyHeads()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(1, 6, 2, 3, 5, 4, 4);
        Samples.Close(Oracle(q, k, v, (_, _, _, _) => 0), Samples.Run(new Attention(), q, k, v), 1e-5);
    }

    [Fact]
    public void PackedInputsAreTheTransposedOnes()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 4, 2, 3, 5, 8, 6);
        Tensor packed = Samples.Run(new Attention(QueryHeads: 4, KeyHeads: 2), Pack(q), Pack(k), Pack(v));
        Assert.Equal([2, 3, 24], packed.Dims.ToArray());
        Assert.Equal(Samples.Values(Pack(Samples.Run(new Attention(), q, k, v))), Samples.Values(packed));
    }

    [Fact]
    public void PastKeysShiftTheCausalFrontier()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 2, 2, 3, 3, 4, 5);
        Tensor pastKey = Samples.Random(DataType.Float32, 31, 2, 2, 4, 4), pastValue = Samples.Random(DataType.Float32, 32, 2, 2, 4, 5);
        Tensor[] y = Samples.Run(new Attention(IsCausal: true), 3, q, k, v, null, pastKey, pastValue);
        Assert.Equal([2, 2, 7, 4], y[1].Dims.ToArray());
        Assert.Equal(Samples.Values(Join(pastKey, k)), Samples.Values(y[1]));
        Assert.Equal(Samples.Values(Join(pastValue, v)), Samples.Values(y[2]));
        Samples.Close(Oracle(q, y[1], y[2], (_, _, i, j) => j <= i + 4 ? 0 : double.NegativeInfinity), y[0], 1e-5);
    }

    [Fact]
    public void ValidLengthsHidePaddingAndPlaceTheQueries()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 1, 1, 2, 5, 4, 3);
        long[] valid = [4, 1];
        Tensor y = Samples.Run(new Attention(IsCausal: true), q, k, v, null, null, null, Tensor.Vector<long>(valid));
        Samples.Close(Oracle(q, k, v, (b, _, i, j) => j < valid[b] && j <= i + valid[b] - 2 ? 0 : double.NegativeInfinity), y, 1e-5);
        Assert.Equal([0, 0, 0], Samples.Values(y)[6..9]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 2)]
    [InlineData(-1, 1)]
    public void WindowsBoundBothSides(long left, long right)
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(1, 2, 2, 5, 5, 4, 3);
        Tensor y = Samples.Run(new Attention(LeftWindow: left, RightWindow: right), q, k, v);
        Samples.Close(Oracle(q, k, v, (_, _, i, j) => (left < 0 || j >= i - left) && (right < 0 || j <= i + right) ? 0 : double.NegativeInfinity), y, 1e-5);
    }

    [Fact]
    public void MasksBroadcastAndMayBeShort()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 2, 2, 3, 4, 4, 3);
        Tensor floats = Samples.Random(DataType.Float32, 40, 2, 1, 3, 4);
        double[] m = Samples.Values(floats);
        Samples.Close(Oracle(q, k, v, (b, _, i, j) => m[(((b * 3) + i) * 4) + j]), Samples.Run(new Attention(), q, k, v, floats), 1e-5);
        Tensor bools = Tensor.Allocate(DataType.Bool, [3, 3]);
        new byte[] { 1, 0, 1, 0, 0, 0, 1, 1, 1 }.CopyTo(bools.Data.Span);
        Tensor[] y = Samples.Run(new Attention(ScoresMode: AttentionScores.Probabilities), 4, q, k, v, bools);
        Samples.Close(Oracle(q, k, v, (_, _, i, j) => j < 3 && bools.Data.Span[(i * 3) + j] != 0 ? 0 : double.NegativeInfinity), y[0], 1e-5);
        Assert.Equal([0, 0, 0, 0], Samples.Values(y[3])[4..8]);
    }

    [Fact]
    public void MaskedNaNStaysOut()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(1, 1, 1, 1, 2, 2, 2);
        k.Span<float>()[2] = float.NaN;
        v.Span<float>()[2] = float.NaN;
        Tensor mask = Tensor.Allocate(DataType.Bool, [1, 2]);
        mask.Data.Span[0] = 1;
        Assert.Equal(Samples.Values(v)[..2], Samples.Values(Samples.Run(new Attention(), q, k, v, mask)));
    }

    [Fact]
    public void SymbolicShapesAreInferred()
    {
        GraphBuilder g = new("attention");
        Value q = g.Input("q", DataType.Float32, "B", "S", 64), past = g.Input("past", DataType.Float32, "B", 2, "P", 16);
        Value k = g.Input("k", DataType.Float32, "B", "S", 32);
        IReadOnlyList<Value?> y = g.CallMany(new Attention(QueryHeads: 4, KeyHeads: 2), [q, k, k, null, past, past], 4);
        Assert.Equal("[B,S,64]", y[0]!.Tensor!.Shape.ToString());
        Assert.Equal("[B,2,P+S,16]", y[1]!.Tensor!.Shape.ToString());
        Assert.Equal(Dim.Symbol("P") + Dim.Symbol("S"), y[3]!.Tensor!.Shape[3]);
    }

    [Fact]
    public void WrongUsesAreErrors()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(1, 3, 2, 2, 2, 4, 4);
        Assert.Equal("PG2545", Samples.ErrorOf(new Attention(), q, k, v));
        Assert.Equal("PG2542", Samples.ErrorOf(new Attention(QueryHeads: 3, KeyHeads: 3), q, q, q));
        Assert.Equal("PG2544", Samples.ErrorOf(new Attention(), q, q, q, null, q));
        Assert.Equal("PG2546", Samples.ErrorOf(new Attention(), q, q, q, Samples.Random(DataType.Float32, 1, 2, 3)));
    }

    [Fact]
    public void BodiesChangeScoresAndProbabilities()
    {
        (Tensor q, Tensor k, Tensor v) = Inputs(2, 4, 2, 3, 5, 4, 3);
        Tensor[] plain = Samples.Run(new FlexAttention(0.3f, null, Body(-1), Body(2)), 1, q, k, v);
        Samples.Close(Oracle(q, k, v, (_, _, _, _) => 0, scale: -0.3).Select(e => 2 * e), plain[0], 1e-5);
        Samples.Close(Oracle(q, k, v, (_, _, _, _) => 0), Samples.Run(new FlexAttention(), q, k, v), 1e-5);
        Assert.Equal("PG2545", Samples.ErrorOf(new FlexAttention(), q, v, k));

        static Ir.Graph Body(float factor)
        {
            GraphBuilder g = new("body");
            g.Output("y", g.Call(new Mul(), g.Input("x", DataType.Float32, "B", "H", "L", "S"), g.Constant("factor", Tensor.Scalar(factor))));
            return g.Build();
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 4)]
    [InlineData(true, 4)]
    public void RotaryEmbeddingTurnsPairs(bool interleaved, long rotary)
    {
        Tensor x = Samples.Random(DataType.Float32, 50, 2, 3, 2, 6), positions = Tensor.Of<long>([2, 2], [0, 3, 2, 1]);
        int half = (int)(rotary == 0 ? 6 : rotary) / 2;
        double[] angles = Samples.Values(Samples.Random(DataType.Float32, 51, 4, half)), values = Samples.Values(x);
        Tensor cosines = Tensor.Of<float>([4, half], [.. angles.Select(a => (float)Math.Cos(a))]), sines = Tensor.Of<float>([4, half], [.. angles.Select(a => (float)Math.Sin(a))]);
        double[] expected = [.. values];
        for (int row = 0; row < 12; row++)
        {
            long position = positions.Span<long>()[(row / 6 * 2) + (row % 2)];
            for (int i = 0; i < half; i++)
            {
                int a = (row * 6) + (interleaved ? 2 * i : i), b = (row * 6) + (interleaved ? (2 * i) + 1 : i + half);
                System.Numerics.Complex turned = new System.Numerics.Complex(values[a], values[b]) * System.Numerics.Complex.FromPolarCoordinates(1, angles[(position * half) + i]);
                (expected[a], expected[b]) = (turned.Real, turned.Imaginary);
            }
        }

        Samples.Close(expected, Samples.Run(new RotaryEmbedding(interleaved, null, rotary), x, cosines, sines, positions));
        Assert.Equal("PG2547", Samples.ErrorOf(new RotaryEmbedding(interleaved, null, rotary), x, cosines, sines, Tensor.Of<long>([2, 2], [0, 4, 0, 0])));
    }

    [Fact]
    public void TensorScatterWritesOrWraps()
    {
        Tensor cache = Tensor.Allocate(DataType.Float32, [2, 4, 1]), update = Tensor.Of<float>([2, 2, 1], [1, 2, 3, 4]);
        Assert.Equal([0, 1, 2, 0, 0, 0, 3, 4], Samples.Values(Samples.Run(new TensorScatter(), cache, update, Tensor.Vector(1L, 2L))));
        Assert.Equal([2, 0, 0, 1, 0, 3, 4, 0], Samples.Values(Samples.Run(new TensorScatter(-2, CacheWriteMode.Circular), cache, update, Tensor.Vector(3L, 5L))));
        Assert.Equal("PG2554", Samples.ErrorOf(new TensorScatter(), cache, update, Tensor.Vector(3L, 0L)));
        Assert.Equal("PG2552", Samples.ErrorOf(new TensorScatter(0), cache, update));
    }

    private static (Tensor Q, Tensor K, Tensor V) Inputs(long batch, long queryHeads, long keyHeads, long queries, long keys, long size, long valueSize) =>
        (Samples.Random(DataType.Float32, 21, batch, queryHeads, queries, size), Samples.Random(DataType.Float32, 22, batch, keyHeads, keys, size), Samples.Random(DataType.Float32, 23, batch, keyHeads, keys, valueSize));

    private static double[] Oracle(Tensor q, Tensor k, Tensor v, Bias bias, double? scale = null, double cap = 0)
    {
        (int batches, int heads, int queries, int size) = ((int)q.Dims[0], (int)q.Dims[1], (int)q.Dims[2], (int)q.Dims[3]);
        (int keyHeads, int keys, int valueSize) = ((int)k.Dims[1], (int)k.Dims[2], (int)v.Dims[3]);
        double[] qs = Samples.Values(q), ks = Samples.Values(k), vs = Samples.Values(v);
        List<double> result = [];
        foreach (long[] at in Samples.Coordinates(batches, heads, queries))
        {
            (int b, int h, int i) = ((int)at[0], (int)at[1], (int)at[2]);
            int shared = (b * keyHeads) + (h * keyHeads / heads);
            double[] weights = new double[keys];
            for (int j = 0; j < keys; j++)
            {
                double score = Enumerable.Range(0, size).Sum(e => qs[(((((b * heads) + h) * queries) + i) * size) + e] * ks[(((shared * keys) + j) * size) + e]) * (scale ?? 1 / Math.Sqrt(size));
                weights[j] = Math.Exp((cap > 0 ? cap * Math.Tanh(score / cap) : score) + bias(b, h, i, j));
            }

            double sum = weights.Sum();
            result.AddRange(Enumerable.Range(0, valueSize).Select(e => sum == 0 ? 0 : Enumerable.Range(0, keys).Sum(j => weights[j] / sum * vs[(((shared * keys) + j) * valueSize) + e])));
        }

        return [.. result];
    }

    private static Tensor Pack(Tensor x)
    {
        (long b, long h, long s, long e) = (x.Dims[0], x.Dims[1], x.Dims[2], x.Dims[3]);
        float[] values = x.Span<float>().ToArray();
        return Tensor.Of<float>([b, s, h * e], [.. Samples.Coordinates(b, s, h, e).Select(c => values[(((((c[0] * h) + c[2]) * s) + c[1]) * e) + c[3]])]);
    }

    private static Tensor Join(Tensor past, Tensor now)
    {
        (long b, long h, long e) = (past.Dims[0], past.Dims[1], past.Dims[3]);
        (long p, long s) = (past.Dims[2], now.Dims[2]);
        float[] before = past.Span<float>().ToArray(), after = now.Span<float>().ToArray();
        return Tensor.Of<float>([b, h, p + s, e], [.. Samples.Coordinates(b * h, p + s, e).Select(c => c[1] < p ? before[(((c[0] * p) + c[1]) * e) + c[2]] : after[(((c[0] * s) + c[1] - p) * e) + c[2]])]);
    }
}
