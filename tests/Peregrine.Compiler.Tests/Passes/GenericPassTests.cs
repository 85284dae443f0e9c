using Peregrine.Compiler.Passes;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Passes;

public sealed class GenericPassTests
{
    [Fact]
    public void A_folded_constant_has_its_name_and_derivation()
    {
        Graph graph = Run(new FoldConstants(), "graph(%x: f32[N,2]) { %t = Transpose(%w@f32[2,3]) %u = Transpose(%t) {perm=[0,1]} %y = MatMul(%x, %t2@f32[2,2]) return %y, %u }");
        Value u = graph.Outputs[1].Value;
        Assert.Equal("u", u.Name);
        Derivation outer = u.Constant!.Derivation!;
        Assert.Equal("Transpose", outer.Operator.Definition.Name);
        Assert.Equal("w", outer.Inputs[0]!.Derivation!.Inputs[0]!.Name);
        Assert.Single(graph.Nodes);
    }

    [Fact]
    public void Static_shapes_of_inputs_are_constants()
    {
        Graph graph = Run(new FoldConstants(), "graph(%x: f32[N,2,3]) { %s = Shape(%x) {start=1} %y = ReduceMax(%s) return %s, %y }");
        Assert.Equal([2, 3], graph.Outputs[0].Value.Constant!.Data.Span<long>().ToArray());
        Assert.Null(graph.Outputs[0].Value.Constant!.Derivation);
        Assert.Empty(graph.Nodes);
    }

    [Theory]
    [InlineData("graph() { %y = ConstantOfShape(@s64[2]{3000,3000}) return %y }")]
    [InlineData("graph() { %y = Expand(@f32[1]{1}, @s64[1]{100000000}) return %y }")]
    [InlineData("graph(%x: f32[N]) { %y = Shape(%x) return %y }")]
    [InlineData("graph() { %y = GatherElements(@f32[2]{1,2}, @s64[1]{7}) return %y }")]
    public void Bombs_unknowns_and_failures_stay(string text) => Assert.Single(Run(new FoldConstants(), text).Nodes);

    [Fact]
    public void Equal_nodes_share_their_result()
    {
        Graph graph = Run(new EliminateCommonSubexpressions(), """
            graph(%x: f32[N,3]) {
              %a = Reshape(%x, @s64[2]{3,-1})  %b = Reshape(%x, @s64[2]{3,-1})  %c = Reshape(%x, @s64[2]{-1,3})
              %d = Relu(%a)  %e = Relu(%b)
              return %d, %e, %c
            }
            """);
        Assert.Equal(3, graph.Nodes.Count);
        Assert.Same(graph.Outputs[0].Value, graph.Outputs[1].Value);
        Assert.Equal(["d", "e", "c"], graph.Outputs.Select(o => o.Name));
    }

    [Fact]
    public void Dead_nodes_go_and_inputs_stay()
    {
        Graph graph = Run(new EliminateDeadNodes(), "graph(%x: f32[N], %unused: f32[3]) { %a = Relu(%unused) %b = Relu(%a) %y = Relu(%x) return %y }");
        Assert.Single(graph.Nodes);
        Assert.Equal(2, graph.Inputs.Count);
    }

    [Fact]
    public void Shape_arithmetic_becomes_one_node()
    {
        const string Text = """
            graph(%x: f32[N,C,4,6]) {
              %s = Shape(%x)  %n = Gather(%s, @s64[1]{0})  %c = Gather(%s, @s64[1]{1})
              %h = Add(%n, %c)  %t = Concat(%h, @s64[1]{-1}) {axis=0}  %target = Concat(%n, %c, @s64[1]{24}) {axis=0}
              %y = Reshape(%x, %target)
              return %y, %t
            }
            """;
        Graph graph = Run(new DissolveShapeArithmetic(), Text);
        Assert.Equal(["DimTensor", "DimTensor", "Reshape"], graph.Nodes.Select(n => n.Operator.Definition.Name).Order(StringComparer.Ordinal));
        object?[] results = Interpreter.Run(graph, [RandomTensor.Create(DataType.Float32, [2, 3, 4, 6], 1)]);
        Assert.Equal([2, 3, 24], ((Tensor)results[0]!).Dims.ToArray());
        Assert.Equal([5, -1], ((Tensor)results[1]!).Span<long>().ToArray());
        string printed = GraphPrinter.Print(graph);
        Assert.Equal(printed, GraphPrinter.Print(GraphParser.Parse(printed)));
    }

    private static Graph Run(IGraphPass pass, string text)
    {
        Graph graph = GraphParser.Parse(text);
        GraphPasses.Run(pass, graph, new PassContext { Verify = true });
        GraphVerifier.VerifyTypes(graph, pass.Name);
        return graph;
    }
}
