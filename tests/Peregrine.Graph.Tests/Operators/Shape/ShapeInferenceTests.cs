using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.Movement;

/// <summary>What inference says of shapes that hold symbols, and what it carries through shape arithmetic.</summary>
public sealed class ShapeInferenceTests
{
    private readonly GraphBuilder _g = new("test");

    [Theory]
    [InlineData(0, long.MaxValue, 1, "S")]
    [InlineData(0, int.MaxValue, 1, "S")]
    [InlineData(1, long.MaxValue, 1, "max(-1+S,0)")]
    [InlineData(0, -1, 1, "max(-1+S,0)")]
    [InlineData(-1, long.MaxValue, 1, "min(1,S)")]
    [InlineData(-1, long.MinValue, -1, "S")]
    [InlineData(0, 0, 1, "0")]
    public void SliceClampsSymbolically(long start, long end, long step, string expected)
    {
        Value x = _g.Input("x", DataType.Float32, "S", 4);
        Value y = _g.Call(new Slice(), x, _g.Constant("s", start), _g.Constant("e", end), _g.Constant("a", 0L), _g.Constant("t", step));
        Dim left = y.Tensor!.Shape[0];
        foreach (long s in new long[] { 0, 1, 5 })
        {
            Tensor run = Labelled.Run(new Slice(), Tensor.Allocate(DataType.Float32, [s, 4]), Tensor.Vector(start), Tensor.Vector(end), Tensor.Vector(0L), Tensor.Vector(step));
            Assert.Equal(run.Dims[0], left.Evaluate(_ => s));
        }

        if (!expected.Contains('('))
        {
            Assert.Equal(expected, left.ToString());
        }
    }

    [Fact]
    public void SliceToItsOwnExtentIsWhole()
    {
        Value x = _g.Input("x", DataType.Float32, "S", 4);
        Value extent = _g.Call(new Gather(), _g.Call(new ShapeOf(), x), _g.Constant("i", Tensor.Vector(0L)));
        Assert.Equal("[S,4]", _g.Call(new Slice(), x, _g.Constant("s", 0L), extent, _g.Constant("a", 0L)).Tensor!.Shape.ToString());
        Assert.Equal("[0,4]", _g.Call(new Slice(), x, extent, extent, _g.Constant("a", 0L)).Tensor!.Shape.ToString());
    }

    [Fact]
    public void AShapeSubgraphDissolves()
    {
        // Shape → Gather → Unsqueeze → Concat → Reshape, as exporters write "view(B, S, 12, -1)".
        Value x = _g.Input("x", DataType.Float32, "B", "S", 768);
        Value shape = _g.Call(new ShapeOf(), x);
        Value axes = _g.Constant("axes", 0L);
        Value b = _g.Call(new Unsqueeze(), _g.Call(new Gather(), shape, _g.Constant("i0", Tensor.Scalar(0L))), axes);
        Value s = _g.Call(new Unsqueeze(), _g.Call(new Gather(), shape, _g.Constant("i1", Tensor.Scalar(-2L))), axes);
        Value y = _g.Call(new Reshape(), x, _g.Call(new Concat(0), b, s, _g.Constant("heads", 12L), _g.Constant("rest", -1L)));
        Assert.Equal("[B,S,12,64]", y.Tensor!.Shape.ToString());
        Value back = _g.Call(new Reshape(), y, _g.Constant("flat", 0L, -1L));
        Assert.Equal("[B,768*S]", back.Tensor!.Shape.ToString());
        Value mask = _g.Call(new Expand(), _g.Constant("one", Tensor.Of<float>([1, 1], [1f])), _g.Call(new Concat(0), s, s));
        Assert.Equal("[S,S]", mask.Tensor!.Shape.ToString());
        Value range = _g.Call(new NumberRange(), _g.Constant("from", Tensor.Scalar(0L)), _g.Call(new Squeeze(), s), _g.Constant("by", Tensor.Scalar(1L)));
        Assert.Equal("[S]", range.Tensor!.Shape.ToString());
        _g.Output("y", back);
        _g.Build();
    }

    [Fact]
    public void ContentsFollowEveryMovement()
    {
        Value shape = _g.Call(new ShapeOf(), _g.Input("x", DataType.Float32, "A", "B", "C", "D"));
        IReadOnlyList<Value?> halves = _g.CallMany(new Split(), [shape], 2);
        Assert.Equal("C,D", string.Join(',', halves[1]!.Contents!));
        Value grid = _g.Call(new Reshape(), shape, _g.Constant("two", 2L, 2L));
        Assert.Equal("A,C,B,D", string.Join(',', _g.Call(new Transpose(), grid).Contents!));
        Assert.Equal("D,C,B,A", string.Join(',', _g.Call(new Slice(), shape, _g.Constant("s", -1L), _g.Constant("e", long.MinValue), _g.Constant("a", 0L), _g.Constant("t", -1L)).Contents!));
        Assert.Equal("C,D,C,D", string.Join(',', _g.Call(new Tile(), halves[1], _g.Constant("twice", 2L)).Contents!));
        Assert.Equal("0,C,D,0", string.Join(',', _g.Call(new Pad(), halves[1], _g.Constant("pads", 1L, 1L)).Contents!));
        Assert.Equal("A,7,C,D", string.Join(',', _g.Call(new ScatterElements(), shape, _g.Constant("at", 1L), _g.Constant("seven", 7L)).Contents!));
        Assert.Equal("1,1,1", string.Join(',', _g.Call(new ConstantOfShape(Tensor.Vector(1L)), _g.Constant("three", 3L)).Contents!));
    }

    [Theory]
    [InlineData("PG2123", 5L, 5L)]
    [InlineData("PG2123", 5L, -1L)]
    [InlineData("PG2122", -1L, -1L)]
    [InlineData("PG2122", -2L, 6L)]
    public void ReshapeTellsWhatCannotBe(string code, long first, long second)
    {
        ModelException e = Assert.Throws<ModelException>(() => Labelled.Run(new Reshape(), Tensor.Allocate(DataType.Float32, [2, 6]), Tensor.Vector(first, second)));
        Assert.Equal(code, Assert.Single(e.Diagnostics).Code);
        Assert.Contains("\"node\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnIndexOutsideIsAnErrorNotARead()
    {
        Tensor data = Tensor.Allocate(DataType.Float32, [2, 3]), outside = Tensor.Of<long>([1, 1], [3]);
        foreach (Operator op in new Operator[] { new Gather(), new GatherElements(), new GatherND() })
        {
            Assert.Equal("PG2128", Assert.Throws<ModelException>(() => Labelled.Run(op, data, outside)).Diagnostics[0].Code);
        }

        Assert.Equal("PG2128", Assert.Throws<ModelException>(() => Labelled.Run(new ScatterElements(), data, outside, Tensor.Allocate(DataType.Float32, [1, 1]))).Diagnostics[0].Code);
    }

    [Fact]
    public void UnknownArgumentsLeaveTheRank()
    {
        Value x = _g.Input("x", DataType.Float32, "N", 4), shape = _g.Input("shape", DataType.Int64, 3);
        Assert.Equal(3, _g.Call(new Reshape(), x, shape).Tensor!.Shape.Rank);
        Value any = _g.Input("any", new TensorType(DataType.Float32, Shape.Unranked));
        Assert.False(_g.Call(new Concat(0), any, any).Tensor!.Shape.IsRanked);
        Value found = _g.Call(new NonZero(), x);
        Assert.Equal(Dim.One + 1, found.Tensor!.Shape[0]);
        Assert.NotNull(found.Tensor.Shape[1].SymbolName);
    }
}
