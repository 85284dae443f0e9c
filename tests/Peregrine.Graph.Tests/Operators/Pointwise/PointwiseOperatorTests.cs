using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using static Peregrine.Graph.Tests.Operators.OperatorRunner;

namespace Peregrine.Graph.Tests.Operators;

public class PointwiseOperatorTests
{
    public static TheoryData<string, double[], double[]> Activations => new()
    {
        { "LeakyRelu{alpha=0.5}", [-2, 0, 3], [-1, 0, 3] },
        { "ThresholdedRelu{alpha=2.0}", [1, 2, 3], [0, 0, 3] },
        { "HardSigmoid{alpha=0.5, beta=0.25}", [-1, 0, 4], [0, 0.25, 1] },
        { "Shrink{bias=1.5, lambd=1.0}", [-2, 0.5, 2], [-0.5, 0, 0.5] },
        { "Softsign", [-1, 0, 1], [-0.5, 0, 0.5] },
        { "Sign", [-2, 0, 5], [-1, 0, 1] },
        { "Round", [0.5, 1.5, -2.5], [0, 2, -2] },
        { "Ceil", [-1.5, 1.2, 2], [-1, 2, 2] },
        { "Floor", [-1.5, 1.2, 2], [-2, 1, 2] },
        { "Reciprocal", [2, 4, -8], [0.5, 0.25, -0.125] },
    };

    [Theory]
    [MemberData(nameof(Activations))]
    public void Examples(string text, double[] input, double[] expected)
    {
        OperatorSchema schema = OperatorCatalog.Standard.Find("", text.Split('{')[0])!;
        Operator op = schema.TryCreate(Attributes(text), new DiagnosticBag(), "x")!;
        Assert.Equal(text, op.ToString());
        Assert.Equal(expected, Numbers(Run(op, Vector(DataType.Float64, input))));
    }

    [Fact]
    public void Gelu_matches_published_values()
    {
        Tensor x = Vector(DataType.Float64, -1, 0, 1);
        double[] y = Numbers(Run(new Gelu(), x));
        Assert.Equal(-0.15865525393145707, y[0], 1e-15);
        Assert.Equal(0, y[1]);
        Assert.Equal(0.8413447460685429, y[2], 1e-15);
        Assert.Equal(0.841191990608, Numbers(Run(new Gelu(GeluForm.Tanh), x))[2], 1e-11);
    }

    [Fact]
    public void Clip_limits_by_scalars_and_high_wins()
    {
        Tensor x = Vector(DataType.Float32, -5, 0, 5);
        Assert.Equal([-1, 0, 2], Numbers(Run(new Clip(), x, Tensor.Scalar(-1f), Tensor.Scalar(2f))));
        Assert.Equal([-5, 0, 2], Numbers(Run(new Clip(), x, null, Tensor.Scalar(2f))));
        Assert.Equal([1, 1, 1], Numbers(Run(new Clip(), x, Tensor.Scalar(2f), Tensor.Scalar(1f))));
        Assert.Equal("PG2308", CodeOf(new Clip(), x, Tensor.Vector(1f, 2f)));
    }

    [Fact]
    public void Old_clip_takes_its_bounds_from_attributes()
    {
        GraphBuilder g = new("g");
        Value x = g.Input("x", DataType.Float16, "N");
        AttributeBag attributes = new() { ["min"] = -1f, ["max"] = 2f };
        ImportScope scope = new(Clip.Schema, "clip", 6, attributes, [x], 1, g, new DiagnosticBag());
        Value y = Assert.Single(Assert.Single(Clip.Schema.Bindings).Rule(scope)!)!;
        g.Output("y", y);
        Tensor result = (Tensor)Interpreter.Run(g.Build(), [Vector(DataType.Float16, -3, 1, 7)])[0]!;
        Assert.Equal([-1, 1, 2], Numbers(result));
    }

    [Fact]
    public void Integer_and_mixed_powers()
    {
        Assert.Equal([8, -27, 0, 1], Numbers(Run(new Pow(), Tensor.Vector(2, -3, 5, 1), Tensor.Vector(3L, 3L, -1L, -7L))));
        Assert.Equal([9, 1], Numbers(Run(new Pow(), Tensor.Vector(3f, 1f), Tensor.Vector((byte)2, (byte)255))));
        Assert.Equal([3], Numbers(Run(new Pow(), Tensor.Vector(9), Tensor.Vector(0.5f))));
    }

    [Fact]
    public void Shifts_by_the_width_or_more_give_zero()
    {
        Tensor x = Vector(DataType.UInt8, 16, 4, 255), by = Vector(DataType.UInt8, 1, 2, 8);
        Assert.Equal([8, 1, 0], Numbers(Run(new BitShift(ShiftDirection.Right), x, by)));
        Assert.Equal([32, 16, 0], Numbers(Run(new BitShift(ShiftDirection.Left), x, by)));
    }

    [Fact]
    public void Strings_compare_and_choose()
    {
        Tensor a = new([2, 1], ["x", "y"]), b = new([2], ["x", "y"]);
        Assert.Equal([1, 0, 0, 1], Run(new Equal(), a, b).Data.ToArray());
        Assert.Equal(["x", "y", "y", "y"], Run(new Where(), Tensor.Of([2, 2], [true, false, true, false]), a, b).Strings);
    }

    [Fact]
    public void Slopes_broadcast_one_way_only()
    {
        Tensor x = Tensor.Of<float>([2, 2], [-1, 2, -3, 4]);
        Assert.Equal([-10, 2, -60, 4], Numbers(Run(new PRelu(), x, Tensor.Of<float>([2, 1], [10, 20]))));
        Assert.Equal("PG2308", CodeOf(new PRelu(), Tensor.Of<float>([1, 2], [1, 2]), Tensor.Of<float>([2, 1], [1, 2])));
        Assert.Equal("PG2308", CodeOf(new SwiGLU(), x, Tensor.Scalar(1f)));
    }

    [Fact]
    public void Wrong_types_are_named()
    {
        Assert.Equal("PG2103", CodeOf(new Exp(), Tensor.Scalar(1)));
        Assert.Equal("PG2107", CodeOf(new Add(), Tensor.Scalar(1), Tensor.Scalar(1f)));
        Assert.Equal("PG2102", CodeOf(new Add(), Tensor.Vector(1, 2), Tensor.Vector(1, 2, 3)));
    }

    [Fact]
    public void Symbolic_shapes_and_contents_pass_through()
    {
        GraphBuilder g = new("g");
        Value x = g.Input("x", DataType.Float32, "N", 1), y = g.Input("y", DataType.Float32, "M");
        Value z = g.Call(new Add(), x, y);
        Assert.Equal("f32[N,M]", z.Type.ToString());
        Assert.Equal("bool[N,M]", g.Call(new Less(), x, z).Type.ToString());
        Value half = g.Call(new Cast(DataType.Int32), g.Call(new Div(), g.Constant("k", 12, 7), g.Constant("two", 2)));
        Assert.Equal([6, 3], half.Contents!.Select(d => d.Constant));
        Value wrapped = g.Call(new Cast(DataType.Int32), g.Constant("end", long.MaxValue, 1L << 31));
        Assert.Equal([-1, int.MinValue], wrapped.Contents!.Select(d => d.Constant));
        Assert.Null(g.Call(new Add(), g.Constant("max", long.MaxValue), g.Constant("one", 1)).Contents);
        Assert.Equal([1], g.Call(new Clip(), g.Constant("scalar", Tensor.Scalar(5L)), null, g.Constant("bound", 1)).Contents!.Select(d => d.Constant));
    }

    [Fact]
    public void Dropout_copies_unless_it_trains()
    {
        Tensor x = Tensor.Vector(1f, 2f, 3f);
        Tensor[] kept = RunMany(new Dropout(), 2, x);
        Assert.Equal([1, 2, 3], Numbers(kept[0]));
        Assert.Equal([1, 1, 1], kept[1].Data.ToArray());
        Tensor[] trained = RunMany(new Dropout(0), 2, x, Tensor.Scalar(0.6f), Tensor.Scalar(true));
        // numpy.random.seed(0); uniform(3) = 0.5488, 0.7152, 0.6028
        Assert.Equal([0, 1, 1], trained[1].Data.ToArray());
        Assert.Equal([0, 5, 7.5], Numbers(trained[0]).Select(v => Math.Round(v, 5)));
        Assert.Equal("PG2307", CodeOf(new Dropout(), x, Tensor.Scalar(1f), Tensor.Scalar(true)));
    }

    [Fact]
    public void Mersenne_twister_gives_numpy_numbers()
    {
        MersenneTwister random = new(0);
        Assert.Equal(0.5488135039273248, random.NextDouble());
        Assert.Equal(0.7151893663724195, random.NextDouble());
        Assert.Equal(0.6027633760716439, random.NextDouble());
    }

    private static AttributeBag Attributes(string text)
    {
        AttributeBag bag = new();
        int brace = text.IndexOf('{', StringComparison.Ordinal);
        foreach (string part in brace < 0 ? [] : text[(brace + 1)..^1].Split(", "))
        {
            bag[part.Split('=')[0]] = float.Parse(part.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
        }

        return bag;
    }
}
