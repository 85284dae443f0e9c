using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.Control;

public sealed class ControlTests
{
    private readonly GraphBuilder _g = new("outer");

    [Fact]
    public void IfRunsOnlyTheTakenBranchAndJoinsTypes()
    {
        GraphBuilder then = Body(out Value a), otherwise = Body(out Value b);
        then.Output("y", then.Call(new Concat(0), a, a));
        otherwise.Output("y", otherwise.Call(new Identity(), b));
        Value x = _g.Input("x", DataType.Float32, "N", 2), condition = _g.Input("c", DataType.Bool);
        Value y = _g.Call(new If(then.Graph, otherwise.Graph), condition, x);
        Assert.Equal(2, y.Tensor!.Shape.Rank);
        Assert.Equal(2, y.Tensor.Shape[1].Constant);
        Assert.DoesNotContain("N", y.Tensor.Shape[0].Symbols);
        _g.Output("y", y);
        Ir.Graph graph = _g.Build();
        Tensor input = Tensor.Of<float>([1, 2], [1, 2]);
        Assert.Equal(Tensor.Of<float>([2, 2], [1, 2, 1, 2]), Interpreter.Run(graph, [input, Tensor.Scalar(true)])[0]);
        Assert.Equal(input, Interpreter.Run(graph, [input, Tensor.Scalar(false)])[0]);
    }

    [Fact]
    public void LoopWidensWhatGrowsAndStacksScanOutputs()
    {
        Value x = _g.Input("x", DataType.Float32, "N", 2), step = _g.Input("step", DataType.Float32, 1, 2), trips = _g.Input("trips", DataType.Int64);
        IReadOnlyList<Value?> outputs = _g.CallMany(new Loop(Growing(), 1), [trips, null, x, step], 2);
        Assert.NotNull(outputs[0]!.Tensor!.Shape[0].SymbolName);
        Assert.Equal(2, outputs[0]!.Tensor!.Shape[1].Constant);
        Assert.Equal(3, outputs[1]!.Tensor!.Shape.Rank);
        _g.Output("all", outputs[0]!);
        _g.Output("steps", outputs[1]!);
        Ir.Graph graph = _g.Build();
        Tensor start = Tensor.Of<float>([1, 2], [1, 2]), one = Tensor.Of<float>([1, 2], [3, 4]);
        object?[] results = Interpreter.Run(graph, [start, one, Tensor.Scalar(2L)]);
        Assert.Equal(Tensor.Of<float>([3, 2], [1, 2, 3, 4, 3, 4]), results[0]);
        Assert.Equal(Tensor.Of<float>([2, 1, 2], [3, 4, 3, 4]), results[1]);

        object?[] none = Interpreter.Run(graph, [start, one, Tensor.Scalar(0L)]);
        Assert.Equal(start, none[0]);
        Assert.Equal([0, 1, 2], ((Tensor)none[1]!).Dims.ToArray());

        // Running must leave the types of the body as they were inferred.
        GraphVerifier.VerifyTypes(graph, "running");
        Assert.Equal([1, 2], ((Tensor)Interpreter.Run(graph, [start, one, Tensor.Scalar(0L)])[0]!).Dims.ToArray());
    }

    [Fact]
    public void LoopKnowsItsTripCountWhereTheConditionStaysTrue()
    {
        Value x = _g.Input("x", DataType.Float32, "N", 2), step = _g.Input("step", DataType.Float32, 1, 2);
        Value length = _g.Call(new Squeeze(), _g.Call(new ShapeOf(0, 1), x));
        IReadOnlyList<Value?> outputs = _g.CallMany(new Loop(Growing(), 1), [length, _g.Constant("true", Tensor.Scalar(true)), x, step], 2);
        Assert.Equal("[N,1,2]", outputs[1]!.Tensor!.Shape.ToString());
    }

    [Fact]
    public void LoopStopsWhenItsConditionDoes()
    {
        GraphBuilder body = new(new Ir.Graph("body", _g.Graph.Symbols, _g.Graph.Edits), (Peregrine.Diagnostics.DiagnosticBag?)null);
        Value iteration = body.Input("i", DataType.Int64);
        Value condition = body.Input("c", DataType.Bool);
        Value sum = body.Input("sum", DataType.Int64);
        body.Output("c", body.Call(new Less(), iteration, body.Constant("three", Tensor.Scalar(3L))));
        body.Output("sum", body.Call(new Add(), sum, iteration));
        Value y = _g.Call(new Loop(body.Graph), null, _g.Input("start", DataType.Bool), _g.Constant("zero", Tensor.Scalar(0L)));
        _g.Output("y", y);
        Ir.Graph graph = _g.Build();
        Assert.NotNull(condition);
        Assert.Equal(Tensor.Scalar(6L), Interpreter.Run(graph, [Tensor.Scalar(true)])[0]);
        Assert.Equal(Tensor.Scalar(0L), Interpreter.Run(graph, [Tensor.Scalar(false)])[0]);
    }

    [Fact]
    public void ScanReadsAndWritesInBothDirections()
    {
        GraphBuilder body = new(new Ir.Graph("body", _g.Graph.Symbols, _g.Graph.Edits), (Peregrine.Diagnostics.DiagnosticBag?)null);
        Value sum = body.Input("sum", DataType.Float32, 2), item = body.Input("item", DataType.Float32, 2);
        Value next = body.Call(new Add(), sum, item);
        body.Output("sum", next);
        body.Output("sums", body.Call(new Identity(), next));
        Value initial = _g.Input("initial", DataType.Float32, 2), x = _g.Input("x", DataType.Float32, 2, "T");
        IReadOnlyList<Value?> outputs = _g.CallMany(new Scan(body.Graph, 1, [1], [1], [1], [1]), [initial, x], 2);
        Assert.Equal("[2,T]", outputs[1]!.Tensor!.Shape.ToString());
        _g.Output("last", outputs[0]!);
        _g.Output("sums", outputs[1]!);
        object?[] results = Interpreter.Run(_g.Build(), [Tensor.Vector(0f, 0f), Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6])]);
        Assert.Equal(Tensor.Vector(6f, 15f), results[0]);
        Assert.Equal(Tensor.Of<float>([2, 3], [6, 5, 3, 15, 11, 6]), results[1]);
    }

    private GraphBuilder Body(out Value x)
    {
        GraphBuilder body = new(new Ir.Graph("branch", _g.Graph.Symbols, _g.Graph.Edits), (Peregrine.Diagnostics.DiagnosticBag?)null);
        x = body.Input("x", new TensorType(DataType.Float32, Shape.Unranked));
        return body;
    }

    /// <summary>(i, cond, all, step) → (cond, all + step, step).</summary>
    private Ir.Graph Growing()
    {
        GraphBuilder body = new(new Ir.Graph("growing", _g.Graph.Symbols, _g.Graph.Edits), (Peregrine.Diagnostics.DiagnosticBag?)null);
        body.Input("i", DataType.Int64);
        Value condition = body.Input("c", DataType.Bool), all = body.Input("all", DataType.Float32, "N", 2), step = body.Input("step", DataType.Float32, 1, 2);
        body.Output("c", body.Call(new Identity(), condition));
        body.Output("all", body.Call(new Concat(0), all, step));
        body.Output("steps", body.Call(new Identity(), step));
        return body.Graph;
    }
}
