using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Graph.Tests.Rewriting;

public sealed class RewriterTests
{
    [Fact]
    public void A_rewrite_applies_in_either_order_of_a_commutative_operator()
    {
        foreach (string inputs in (string[])["%m, @f32[2]", "@f32[2], %m"])
        {
            Ir.Graph graph = GraphParser.Parse($"graph(%x: f32[N,3]) {{ %m = MatMul(%x, @f32[3,2]) %y = Add({inputs}) return %y }}");
            RewriteStatistics statistics = Run(graph, new FuseBias());
            Assert.Equal(1, statistics["FuseBias"].Applied);
            Node node = Assert.Single(graph.Nodes);
            Assert.Equal("Gemm", node.Operator.Definition.Name);
            Assert.Equal("y", node.Outputs[0]!.Name);
        }
    }

    [Fact]
    public void Provenance_of_all_removed_nodes_is_kept()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %m = MatMul(%x, @f32[3,2]) // from \"mm\"\n %y = Add(%m, @f32[2]) : f32[N,2] // from \"bias\"\n return %y }");
        Run(graph, new FuseBias());
        Assert.Equal(["bias", "mm"], graph.Nodes[0].Provenance.Sources);
    }

    [Fact]
    public void The_example_of_a_rewrite_is_its_test() => Assert.Null(RewriteExamples.Check(new FuseBias()));

    [Fact]
    public void A_failed_condition_is_a_near_miss_and_another_structure_is_not()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %m = MatMul(%x, @f32[3,2]) %y = Add(%m, @f32[2]) %z = Add(%x, @f32[3]) return %y, %m, %z }");
        RuleStatistics rule = Run(graph, new FuseBias())["FuseBias"];
        Assert.Equal((0, 1), (rule.Applied, rule.NearMisses));
        Assert.Contains("2 uses", rule.LastMiss, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_that_undo_each_other_are_named()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %y = Relu(%x) return %y }");
        InternalCompilerException e = Assert.Throws<InternalCompilerException>(() => Run(graph, new Turn<Relu, HardSwish>(new HardSwish()), new Turn<HardSwish, Relu>(new Relu())));
        Assert.Contains("Relu to HardSwish", e.Message, StringComparison.Ordinal);
        Assert.Contains("HardSwish to Relu", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Past_the_limit_nothing_changes()
    {
        const string Text = "graph(%x: f32[N,3]) { %a = Relu(%x) %b = Relu(%a) %y = Relu(%b) return %y }";
        for (int limit = 0; limit <= 4; limit++)
        {
            Ir.Graph graph = GraphParser.Parse(Text);
            graph.Edits.Limit = limit;
            Run(graph, new Turn<Relu, HardSwish>(new HardSwish()));
            Assert.Equal(Math.Min(limit, 3), graph.Nodes.Count(n => n.Operator is HardSwish));
            Assert.Equal(Math.Min(limit, 3), graph.Edits.Edits.Count);
            Assert.Equal(["a", "b", "y"], graph.Nodes.Select(n => n.Outputs[0]!.Name));
        }
    }

    [Fact]
    public void A_patch_past_the_limit_leaves_names_free()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[2]) { %y = Relu(%x) return %y }");
        string before = GraphPrinter.Print(graph);
        graph.Edits.Limit = 0;
        Patch patch = new("test", graph);
        patch.Replace(graph.Nodes[0].Outputs[0]!, patch.Builder.Call(new HardSwish(), patch.Builder.Constant("c", Tensor.Vector(1f, 2f))));
        Assert.False(patch.Apply());
        GraphVerifier.Verify(graph, "test");
        Assert.Equal(before, GraphPrinter.Print(graph));
        Assert.Equal("c", graph.UniqueName("c"));
        Assert.Equal("HardSwish.out", graph.UniqueName("HardSwish.out"));
    }

    [Fact]
    public void A_replacement_that_does_not_fit_is_a_bug_of_its_author()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[2], %z: f32[3]) { %y = Relu(%x) return %y, %z }");
        Patch patch = new("wrong", graph);
        patch.Replace(graph.Nodes[0].Outputs[0]!, graph.Inputs[1]);
        Assert.Contains("wrong", Assert.Throws<InternalCompilerException>(() => patch.Apply()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_can_be_wrapped_and_a_more_exact_type_spreads()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %a = Relu(%x) %b = Relu(%a) %y = Transpose(%b) return %y }");
        Value a = graph.Nodes[0].Outputs[0]!;
        Patch patch = new("pin", graph);
        patch.Replace(a, patch.Builder.Call(new Reshape(), a, patch.Builder.Constant("shape", 5, 3)));
        Assert.True(patch.Apply());
        GraphVerifier.Verify(graph, "pin");
        GraphVerifier.VerifyTypes(graph, "pin");
        Assert.Equal("f32[3,5]", graph.Outputs[0].Value.Type.ToString());
        Assert.Equal(["Relu", "Reshape", "Relu", "Transpose"], graph.Nodes.Select(n => n.Operator.Definition.Name));
    }

    [Fact]
    public void A_use_of_a_later_value_sorts_the_nodes_and_a_cycle_is_refused()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[3], %z: f32[3]) { %a = Relu(%x) %b = Relu(%a) %c = Relu(%z) %d = Relu(%c) return %b, %d }");
        Patch patch = new("swap", graph);
        patch.Replace(graph.Nodes[0].Outputs[0]!, graph.Nodes[2].Outputs[0]!);
        Assert.True(patch.Apply());
        GraphVerifier.Verify(graph, "swap");

        Patch cycle = new("cycle", graph);
        Node first = graph.Nodes.First(n => n.Inputs[0]!.Producer is null);
        cycle.Replace(first.Outputs[0]!, first.Outputs[0]!.Uses[0].Node!.Outputs[0]!);
        Assert.Throws<InternalCompilerException>(() => cycle.Apply());
    }

    [Fact]
    public void A_broken_graph_does_not_verify()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[3]) { %a = Relu(%x) return %a }"), other = GraphParser.Parse("graph(%x: f32[3]) { return %x }");
        GraphBuilder g = new(graph, null);
        g.Output("foreign", other.Inputs[0]);
        Assert.Contains("not made in the graph", Assert.Throws<InternalCompilerException>(() => GraphVerifier.Verify(graph)).Message, StringComparison.Ordinal);

        Ir.Graph second = GraphParser.Parse("graph(%x: f32[3]) { %a = Relu(%x) return %a }");
        new GraphBuilder(second, null).Call(new Relu(), other.Inputs[0]);
        Assert.Contains("another graph", Assert.Throws<InternalCompilerException>(() => GraphVerifier.Verify(second)).Message, StringComparison.Ordinal);
    }

    private static RewriteStatistics Run(Ir.Graph graph, params Rewrite[] rules)
    {
        PassContext context = new() { Verify = true };
        GraphPasses.Run(new RewritePass("test", rules), graph, context);
        GraphVerifier.VerifyTypes(graph, "test");
        return context.Statistics;
    }

    private sealed class FuseBias : Rewrite
    {
        private static readonly Var X = new(), W = new(), B = new();

        public override Pattern Pattern { get; } = Op<Add>(Op<MatMul>(X, W.Constant(rank: 2)).SingleUse(), B.Constant(rank: 1));

        public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %m = MatMul(%x, @f32[3,2])  %y = Add(%m, @f32[2])  return %y }"];

        public override bool IsExact => false;

        public override bool When(Match m) => m[X].Tensor is { Shape: { IsRanked: true, Rank: 2 } };

        public override Value Apply(Match m, GraphBuilder g) => g.Call(new Gemm(), m[X], m[W], m[B]);
    }

    private sealed class Turn<TFrom, TTo>(TTo to) : Rewrite
        where TFrom : Operator
        where TTo : Operator
    {
        private static readonly Var X = new();

        public override string Name => $"{typeof(TFrom).Name} to {typeof(TTo).Name}";

        public override Pattern Pattern { get; } = Op<TFrom>(X);

        public override IEnumerable<string> Examples => [];

        public override Value Apply(Match m, GraphBuilder g) => g.Call(to, m[X]);
    }
}
