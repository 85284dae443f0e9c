using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Export;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Export;

public sealed class ExporterTests
{
    private static Graph Again(Graph graph) => OnnxModel.Load(ProtobufWriter.ToBytes(OnnxExporter.Export(graph))).Import();

    [Fact]
    public void Dims_become_arithmetic_on_shapes()
    {
        GraphBuilder g = new("dims");
        Value x = g.Input("x", DataType.Float32, "N", "M");
        string[] texts = ["N", "2*N*M+3", "floor((N)/(2))", "floor((-N)/(3))", "min(M,N)", "max(M,N)-5", "broadcast(M,N)", "7", "N*N-M"];
        g.Output("long", g.Call(new DimTensor(Texts.Create(texts))));
        g.Output("int", g.Call(new DimTensor(["N", "M", "N+M", "0"], [2, 2], DataType.Int32)));
        g.Output("scalar", g.Call(new DimTensor(["N"], [])));
        g.Output("none", g.Call(new DimTensor([])));
        g.Output("x", x);
        Graph graph = g.Build();
        OnnxModelProto model = OnnxExporter.Export(graph);
        Assert.DoesNotContain(model.Graph!.Nodes, n => n.Domain.Length > 0);
        Graph again = OnnxModel.Load(ProtobufWriter.ToBytes(model)).Import();
        foreach ((long n, long m) in new[] { (4L, 4L), (7, 1), (1, 5), (0, 1) })
        {
            Tensor input = Tensor.Allocate(DataType.Float32, [n, m]);
            object?[] expected = Interpreter.Run(graph, [input]), actual = Interpreter.Run(again, [input]);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], actual[i]);
            }

            Assert.Equal(((Tensor)actual[0]!).Span<long>().ToArray(), texts.Select(t => DimParser.Parse(t).Evaluate(s => s == "N" ? n : m)));
        }
    }

    [Fact]
    public void A_dimension_that_nothing_has_is_refused()
    {
        GraphBuilder g = new("dims");
        g.Input("x", DataType.Float32, 3);
        g.Output("y", g.Call(new DimTensor(["Q"])));
        Diagnostic error = Assert.Single(Assert.Throws<ModelException>(() => OnnxExporter.Export(g.Build())).Diagnostics);
        Assert.Equal("PG2082", error.Code);
        Assert.Contains("\"Q\"", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Names collide everywhere: between bodies and the graph around them, between outputs and inner values, between one value's two outputs.</summary>
    [Fact]
    public void Names_become_unique_and_results_keep_theirs()
    {
        GraphBuilder g = new("outer");
        GraphBuilder inner = new(new Graph("body", g.Graph.Symbols, g.Graph.Edits), null);
        Value iteration = inner.Input("x", DataType.Int64), condition = inner.Input("c", DataType.Bool);
        Value carried = inner.Input("y", DataType.Float32, 2), captured = inner.Input("captured", DataType.Float32, 2);
        inner.Output("c", condition);
        inner.Output("y", inner.CallNamed(new Add(), [carried, captured], "sum")[0]!);
        inner.Output("scan", captured);
        inner.Output("twice", carried);
        inner.Output("steps", inner.CallNamed(new Cast(DataType.Float32), [iteration], "out")[0]!);
        Value x = g.Input("x", DataType.Float32, 2);
        Value sum = g.CallNamed(new Relu(), [x], "sum")[0]!;
        IReadOnlyList<Value?> loop = g.CallNamed(new Loop(inner.Build(), 1), [g.Constant("M", Tensor.Scalar(3L)), null, x, sum], "y", "out", "scan", "steps");
        g.Output("first", sum);
        g.Output("second", sum);
        g.Output("out", loop[0]!);
        g.Output("y", loop[1]!);
        g.Output("scan", loop[2]!);
        g.Output("steps", loop[3]!);
        g.Output("M", g.Graph.Constants[0]);
        Graph graph = g.Build();
        OnnxModelProto model = OnnxExporter.Export(graph);
        CheckScopes(model.Graph!, []);
        Assert.Equal(["first", "second", "out", "y", "scan", "steps", "M"], model.Graph!.Outputs.Select(o => o.Name));

        Tensor input = Tensor.Vector(2f, -1f);
        object?[] expected = Interpreter.Run(graph, [input]);
        Assert.Equal([8f, -1f], ((Tensor)expected[2]!).Span<float>().ToArray());
        Assert.Equal(expected, Interpreter.Run(Again(graph), [input]));
    }

    [Fact]
    public void A_result_cannot_have_an_inputs_name()
    {
        GraphBuilder g = new("clash");
        g.Output("x", g.Call(new Relu(), g.Input("x", DataType.Float32, 3)));
        Assert.Equal("PG2081", Assert.Single(Assert.Throws<ModelException>(() => OnnxExporter.Export(g.Build())).Diagnostics).Code);
    }

    [Fact]
    public void The_lowest_sufficient_operator_set_is_named()
    {
        GraphBuilder g = new("opsets");
        Value x = g.Input("x", DataType.Float32, 3);
        g.Output("y", g.Call(new Relu(), x));
        OnnxModelProto model = OnnxExporter.Export(g.Graph);
        Assert.Equal((25, 13), (Assert.Single(model.OperatorSets).Version, model.IrVersion));
        Assert.Equal((21, 10), (OnnxExporter.Export(g.Graph, new() { LowestOpset = 21 }).OperatorSets[0].Version, OnnxExporter.Export(g.Graph, new() { LowestOpset = 21 }).IrVersion));
        g.Output("z", g.Call(new CumProd(), x, g.Constant("axis", Tensor.Scalar(0L))));
        Assert.Equal(CumProd.Schema.Since, Assert.Single(OnnxExporter.Export(g.Graph).OperatorSets).Version);
        Assert.InRange(CumProd.Schema.Since, 26, 28);
    }

    [Fact]
    public void Trailing_absent_inputs_are_left_out_and_inner_ones_kept()
    {
        GraphBuilder g = new("absent");
        Value x = g.Input("x", DataType.Float32, 3);
        g.Output("y", g.Call(new Clip(), x, null, g.Constant("max", Tensor.Scalar(1f))));
        g.Output("z", g.Call(new Clip(), x, g.Constant("min", Tensor.Scalar(0f)), null));
        Assert.Equal([["x", "", "max"], ["x", "min"]], OnnxExporter.Export(g.Build()).Graph!.Nodes.Select(n => n.Inputs));
    }

    /// <summary>ONNX's rule: no name is defined twice in a graph, nor in a body if the graph around it has it.</summary>
    private static void CheckScopes(OnnxGraphProto graph, HashSet<string> around)
    {
        HashSet<string> names = new(around, StringComparer.Ordinal);
        foreach (string name in graph.Inputs.Select(i => i.Name).Concat(graph.Initializers.Select(i => i.Name)).Concat(graph.Nodes.SelectMany(n => n.Outputs)).Where(n => n.Length > 0))
        {
            Assert.True(names.Add(name), $"{graph.Name} defines {name} twice");
        }

        Assert.All(graph.Outputs, o => Assert.True(names.Contains(o.Name) && !around.Contains(o.Name)));
        foreach (OnnxGraphProto body in graph.Nodes.SelectMany(n => n.Attributes).Where(a => a.Graph is not null).Select(a => a.Graph!))
        {
            CheckScopes(body, names);
        }
    }
}
