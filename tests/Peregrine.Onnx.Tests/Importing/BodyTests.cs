using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Bodies become closed graphs with explicit captures.</summary>
public sealed class BodyTests
{
    private static readonly OnnxValueInfoProto Condition = Typed("c", Type(DataType.Bool));

    [Fact]
    public void Branches_get_the_same_captures_and_share_constants()
    {
        Graph graph = Import(Graph(
            [Condition, Float("x", 2), Float("z", 2)],
            [
                Node("Relu", "x", "r"),
                Node("If", "c", "y", "choose", "", Body("then_branch", Graph([], [Node("Add", "r w", "t")], [Float("t", 2)])), Body("else_branch", Graph([], [Node("Add", "z r", "e"), Node("Add", "e w", "f")], [Float("f", 2)]))),
            ],
            [Float("y", 2)],
            Tensor("w", 100, 200)));
        Node node = graph.Nodes[1];
        Assert.Equal(["c", "r", "z"], node.Inputs.Select(i => i!.Name));
        IReadOnlyList<Graph> bodies = ((ISubgraphOperator)node.Operator).Subgraphs;
        Assert.All(bodies, b => Assert.Equal(["r", "z"], b.Inputs.Select(i => i.Name)));
        Assert.All(bodies, b => Assert.Same(graph.Symbols, b.Symbols));
        Assert.Same(bodies[0].Constants.Single().Constant!.Data, bodies[1].Constants.Single().Constant!.Data);
        Assert.Empty(graph.Constants);
        Assert.Equal([101f, 200f], Choose(graph, true));
        Assert.Equal([111f, 220f], Choose(graph, false));
    }

    [Fact]
    public void Captures_go_through_two_levels()
    {
        OnnxGraphProto Inner(string operation) => Graph([], [Node(operation, "t x", "i")], [Float("i", 2)]);
        OnnxGraphProto then = Graph([], [Node("Relu", "x", "t"), Node("If", "c", "u", "inner", "", Body("then_branch", Inner("Add")), Body("else_branch", Inner("Sub")))], [Float("u", 2)]);
        OnnxGraphProto otherwise = Graph([], [], [Float("x", 2)]);
        Graph graph = Import(Graph([Condition, Float("x", 2), Float("z", 2)], [Node("If", "c", "y", "outer", "", Body("then_branch", then), Body("else_branch", otherwise))], [Float("y", 2)]));
        Graph outer = ((ISubgraphOperator)graph.Nodes[0].Operator).Subgraphs[0];
        Assert.Equal(["c", "x", "c"], graph.Nodes[0].Inputs.Select(i => i!.Name));
        Assert.Equal(["c", "t", "x"], outer.Nodes[1].Inputs.Select(i => i!.Name));
        Assert.Equal([2f, -2f], Choose(graph, true));
        Assert.Equal([1f, -2f], Choose(graph, false));
    }

    [Fact]
    public void A_loop_counts_its_captures_and_not_what_the_file_says()
    {
        OnnxGraphProto body = Graph([Typed("i", Type(DataType.Int64)), Typed("go", Type(DataType.Bool)), Float("s", 2)], [Node("Add", "s x", "n"), Node("Identity", "go", "on")], [Typed("on", Type(DataType.Bool)), Float("n", 2)]);
        OnnxGraphProto graph = Graph([Float("x", 2)], [Node("Loop", "m - start", "y", "loop", "", Body("body", body), Int("capture_count", 17))], [Float("y", 2)], TensorEncoder.Encode(Tensors.Tensor.Scalar(3L), "m"), Tensor("start", 100, 200));
        Assert.Equal([103f, 194f], Run(Import(graph), [1f, -2f]));
    }

    [Fact]
    public void Nodes_that_a_body_captures_are_sorted_before_it()
    {
        OnnxGraphProto branch = Graph([], [Node("Relu", "late", "t")], [Float("t", 2)]);
        DiagnosticBag findings = new();
        Graph graph = Import(Graph([Condition, Float("x", 2), Float("z", 2)], [Node("If", "c", "y", "choose", "", Body("then_branch", branch), Body("else_branch", branch)), Node("Add", "x z", "late", "add")], [Float("y", 2)]), findings);
        Assert.Equal(["add", "choose"], graph.Nodes.Select(n => n.Name));
        Assert.Contains(findings.Items, d => d.Code == "PG2030");
    }

    [Fact]
    public void Problems_in_bodies_are_told()
    {
        IReadOnlyList<Diagnostic> errors = Errors(Graph(
            [Condition, Float("x", 2)],
            [Node("If", "c", "y", "choose", "", Body("then_branch", Graph([], [Node("Frobnicate", "x", "t", "inner")], [Float("t", 2)])), Body("else_branch", Graph([], [Node("Relu", "nowhere", "e")], [Float("e", 2)])))],
            [Float("y", 2)]));
        Assert.Equal(["PG2001", "PG2032"], errors.Select(e => e.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_branch_that_cannot_work_is_a_warning_of_its_operator()
    {
        DiagnosticBag findings = new();
        Import(Graph(
            [Condition, Float("x", 2), Float("z", 3)],
            [Node("If", "c", "y", "choose", "", Body("then_branch", Graph([], [Node("Add", "x z", "t", "inner")], [Float("t", 2)])), Body("else_branch", Graph([], [], [Float("x", 2)])))],
            [Float("y", 2)]), findings);
        Diagnostic warning = Assert.Single(findings.Items);
        Assert.Equal(("PG2158", Severity.Warning), (warning.Code, warning.Severity));
        Assert.Contains("inner", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Branches_that_both_cannot_work_are_told()
    {
        OnnxAttributeProto Impossible(string name) => Body(name, Graph([], [Node("Add", "x z", $"{name}.t", $"inner of {name}")], [Float($"{name}.t", 2)]));
        IReadOnlyList<Diagnostic> errors = Errors(Graph([Condition, Float("x", 2), Float("z", 3)], [Node("If", "c", "y", "choose", "", Impossible("then_branch"), Impossible("else_branch"))], [Float("y", 2)]));
        Assert.Equal(["PG2102", "PG2102"], errors.Select(e => e.Code));
    }

    private static float[] Choose(Graph graph, bool condition) =>
        ((Tensor)Interpreter.Run(graph, [Tensors.Tensor.Scalar(condition), Tensors.Tensor.Vector(1f, -2f), Tensors.Tensor.Vector(10f, 20f)])[0]!).Span<float>().ToArray();
}
