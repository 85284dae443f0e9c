using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Names, order, cycles, opsets, unknown operators: what is wrong is told once, all at once, by name.</summary>
public sealed class StructureTests
{
    [Fact]
    public void Names_of_values_and_nodes_are_the_models()
    {
        Graph graph = Import(Graph([Float("x", "N", 2)], [Node("Relu", "x", "a", "first"), Node("Add", "a x", "y")], [Float("y", "N", 2)]));
        Assert.Equal(["first", "Add_1"], graph.Nodes.Select(n => n.Name));
        Assert.Equal(["x", "a", "y"], graph.Values.Select(v => v.Name));
        Assert.Equal("first", graph.Nodes[0].Provenance.ToString());
        Assert.Equal("y", graph.Outputs[0].Name);
        Assert.Equal("f32[N,2]", graph.Outputs[0].Value.Type.ToString());
    }

    [Fact]
    public void A_generated_name_gives_way_to_the_models()
    {
        // Opset 6 aligns B by a constant "add.axes" and an Unsqueeze, whose names the model uses itself afterwards.
        OnnxGraphProto graph = Graph(
            [Float("x", 2, 3), Float("b", 2)],
            [Node("Add", "x b", "add.out", "add", "", Int("broadcast", 1), Int("axis", 0)), Node("Relu", "add.out", "add.axes"), Node("Relu", "add.axes", "Unsqueeze.out")],
            [Float("Unsqueeze.out", 2, 3), Float("add.axes", 2, 3)]);
        Graph imported = Load(Model(graph, opset: 6)).Import();
        Assert.Equal(["Unsqueeze.out", "add.axes"], imported.Outputs.Select(o => o.Value.Name));
        Assert.Equal("Add", imported.Values.Single(v => v.Name == "add.out").Producer!.Operator.Definition.Name);
    }

    [Fact]
    public void Unsorted_nodes_are_sorted_with_a_warning()
    {
        DiagnosticBag findings = new();
        Graph graph = Import(Graph([Float("x", 2)], [Node("Add", "b a", "y", "last"), Node("Relu", "a", "b", "middle"), Node("Relu", "x", "a", "first")], [Float("y", 2)]), findings);
        Assert.Equal(["first", "middle", "last"], graph.Nodes.Select(n => n.Name));
        Assert.Equal("PG2030", Assert.Single(findings.Items).Code);
        Assert.Equal([2f, 0f], Run(graph, [1f, -1f]));
    }

    [Fact]
    public void A_cycle_names_its_nodes_and_only_them()
    {
        Diagnostic error = Assert.Single(Errors(Graph(
            [Float("x", 2)],
            [Node("Relu", "x", "r", "before"), Node("Add", "r c", "a", "one"), Node("Relu", "a", "b", "two"), Node("Relu", "b", "c", "three"), Node("Relu", "c", "y", "behind")],
            [Float("y", 2)])));
        Assert.Equal("PG2031", error.Code);
        Assert.Contains("Add \"one\" → Relu \"two\" → Relu \"three\" → Add \"one\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("behind", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_needs_itself_is_a_cycle() =>
        Assert.Equal("PG2031", Assert.Single(Errors(Graph([Float("x", 2)], [Node("Add", "x y", "y", "self")], [Float("y", 2)]))).Code);

    [Fact]
    public void All_problems_are_told_at_once_and_followers_are_not()
    {
        IReadOnlyList<Diagnostic> errors = Errors(Graph(
            [Float("x", 2), Float("z", 3)],
            [
                Node("Frobnicate", "x", "a", "unknown"), Node("Relu", "a", "b", "follower"), Node("Add", "x z", "c", "shapes"), Node("Relu", "nowhere", "d", "undefined"),
                Node("Relu", "nowhere", "e", "again"), Node("Softmax", "x", "f", "kind", "", StringAttribute("axis", "one")), Node("Gather", "x", "g", "arity", "", Int("axis", 0)),
            ],
            [Float("b", 2), Float("missing", 1)]));
        Assert.Equal(["PG2001", "PG2102", "PG2032", "PG2011", "PG2106", "PG2032"], errors.Select(e => e.Code));
        Assert.All(errors.Zip(["unknown", "shapes", "nowhere", "kind", "arity", "missing"]), p => Assert.Contains(p.Second, p.First.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_operator_is_named_with_domain_opset_and_a_similar_one()
    {
        Diagnostic error = Assert.Single(Errors(Graph([Float("x", 2)], [Node("relu", "x", "y", "act")], [Float("y", 2)])));
        Assert.Contains("relu \"act\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("ai.onnx", error.Message, StringComparison.Ordinal);
        Assert.Contains("opset 21", error.Message, StringComparison.Ordinal);
        Assert.Contains("Is Relu meant?", error.Suggestion, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_may_be_defined_once()
    {
        Assert.Contains("\"a\"", Assert.Single(Errors(Graph([Float("x", 2)], [Node("Relu", "x", "a"), Node("Relu", "x", "a")], [Float("a", 2)])), e => e.Code == "PG2033").Message, StringComparison.Ordinal);
        Assert.Single(Errors(Graph([Float("x", 2)], [Node("Relu", "x", "x")], [Float("x", 2)])), e => e.Code == "PG2033");
        Assert.Single(Errors(Graph([Float("x", 2), Float("x", 3)], [Node("Relu", "x", "y")], [Float("y", 2)])), e => e.Code == "PG2033");
        Assert.Single(Errors(Graph([Float("x", 2)], [Node("Add", "x w", "y")], [Float("y", 2)], Tensor("w", 1, 2), Tensor("w", 3, 4))), e => e.Code == "PG2033");
        Assert.Single(Errors(Graph([Float("x", 2)], [Node("Relu", "x", "y")], [Float("y", 2), Float("y", 2)])), e => e.Code == "PG2037");
    }

    [Fact]
    public void A_model_has_outputs() => Assert.Equal("PG2036", Assert.Single(Errors(Graph([Float("x", 2)], [Node("Relu", "x", "y")], []))).Code);

    [Theory]
    [InlineData(29, "PG2005")]
    [InlineData(1000, "PG2005")]
    public void A_newer_opset_is_tried_with_a_warning(long opset, string code)
    {
        DiagnosticBag findings = new();
        Load(Model(Graph([Float("x", 2)], [Node("Relu", "x", "y")], [Float("y", 2)]), opset)).Import(null, findings);
        Assert.Equal(code, Assert.Single(findings.Items).Code);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void An_impossible_opset_is_an_error(long opset) =>
        Assert.Equal("PG2003", Assert.Single(Errors(Model(Graph([Float("x", 2)], [Node("Relu", "x", "y")], [Float("y", 2)]), opset))).Code);

    [Fact]
    public void An_operator_needs_the_opset_that_brought_it()
    {
        Diagnostic error = Assert.Single(Errors(Model(Graph([Float("x", 2)], [Node("HardSwish", "x", "y", "h")], [Float("y", 2)]), opset: 13)));
        Assert.Equal("PG2007", error.Code);
        Assert.Contains("14", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_domain_must_be_imported()
    {
        OnnxModelProto model = Model(Graph([Float("x", 2)], [Node("Relu", "x", "y", "r")], [Float("y", 2)]));
        model.OperatorSets = [new() { Domain = "local", Version = 1 }];
        Assert.Equal("PG2002", Assert.Single(Errors(model)).Code);
    }

    [Fact]
    public void Old_files_without_operator_sets_mean_opset_1()
    {
        OnnxModelProto model = Model(Graph([Float("x", 2, 3), Float("b", 2)], [Node("Add", "x b", "y", "", "", Int("broadcast", 1), Int("axis", 0))], [Float("y", 2, 3)]));
        (model.IrVersion, model.OperatorSets) = (2, []);
        DiagnosticBag findings = new();
        Assert.Equal("f32[2,3]", Load(model).Import(null, findings).Outputs[0].Value.Type.ToString());
        Assert.Empty(findings.Items);
    }

    [Fact]
    public void A_declared_type_must_fit_and_a_declared_shape_should()
    {
        Assert.Equal("PG2054", Assert.Single(Errors(Graph([Float("x", 2)], [Node("Relu", "x", "y")], [Typed("y", Type(Tensors.DataType.Int64, 2))]))).Code);
        DiagnosticBag findings = new();
        Graph graph = Import(Graph([Float("x", 2)], [Node("Relu", "x", "y")], [Float("y", 7)]), findings);
        Assert.Equal("PG2055", Assert.Single(findings.Items).Code);
        Assert.Equal("f32[2]", graph.Outputs[0].Value.Type.ToString());
    }

    [Fact]
    public void The_capability_report_lists_each_unsupported_node_without_throwing()
    {
        CapabilityReport report = Load(Model(Graph([Float("x", 2)], [Node("Invented", "x", "a", "one", "my.domain"), Node("Relu", "a", "b"), Node("Other", "b", "y", "two")], [Float("y", 2)]))).Examine();
        Assert.False(report.IsSupported);
        Assert.Equal(3, report.NodeCount);
        Assert.Equal([("one", "Invented", "my.domain", 0L), ("two", "Other", "", 21L)], report.Nodes.Select(n => (n.Node, n.OperatorType, n.Domain, n.Opset)));
        Assert.All(report.Nodes, n => Assert.Equal("PG2001", Assert.Single(n.Reasons).Code));
        Assert.Contains("my.domain", report.Nodes[0].ToString(), StringComparison.Ordinal);
    }
}
