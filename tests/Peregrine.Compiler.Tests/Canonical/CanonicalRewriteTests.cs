using Peregrine.Compiler.Canonical;
using Peregrine.Compiler.Passes;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Canonical;

public sealed class CanonicalRewriteTests
{
    public static TheoryData<string> Names => [.. CanonicalRewrites.All.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Examples_hold(string name) => Assert.Null(RewriteExamples.Check(CanonicalRewrites.All.Single(r => r.Name == name)));

    [Theory]
    [InlineData("graph(%x: f32[N,3]) { %y = Reshape(%x, @s64[2]{3,-1}) return %y }")]
    [InlineData("graph(%x: f32[N,N]) { %y = Transpose(%x) return %y }")]
    [InlineData("graph(%x: f32[3]) { %y = Slice(%x, @s64[1]{-1}, @s64[1]{-9}, @s64[1]{0}, @s64[1]{-1}) return %y }")]
    [InlineData("graph(%x: f32[4]) { %y = Pad(%x, @s64[2]{1,-1}) return %y }")]
    [InlineData("graph(%x: f32[N]) { %y = Expand(%x, @s64[2]{1,1}) return %y }")]
    [InlineData("graph(%x: f32[N,3]) { %y = Add(%x, @f32[3]{0,0,0}) return %y }")]
    [InlineData("graph(%x: f32[N]) { %y, %mask = Dropout(%x) return %y, %mask }")]
    [InlineData("graph(%x: f32[N], %training: bool[]) { %y = Dropout(%x, @f32[]{0.5}, %training) return %y }")]
    [InlineData("graph(%x: f32[N,3]) { %y = Mul(%x, @f32[3]{1,1,2}) return %y }")]
    [InlineData("graph(%x: s64[3]) { %y = Add(%x, @s64[2,3]{0,0,0,0,0,0}) return %y }")]
    [InlineData("graph(%x: f32[N,2,3]) { %a = Flatten(%x) %y = Reshape(%a, @s64[3]{0,2,-1}) return %y }")]
    public void What_only_looks_alike_stays(string text)
    {
        Graph graph = GraphParser.Parse(text);
        GraphPasses.Run(CanonicalRewrites.Pass(), graph, new PassContext { Verify = true });
        Assert.Equal(GraphPrinter.Print(GraphParser.Parse(text)), GraphPrinter.Print(graph));
    }

    [Fact]
    public void All_passes_together_keep_the_results_of_random_graphs()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            Graph graph = RandomGraphs.Create(seed, 20), optimized = RandomGraphs.Create(seed, 20);
            PassContext context = new() { Verify = true };
            foreach (IGraphPass pass in (IGraphPass[])[new FoldConstants(), CanonicalRewrites.Pass(), new EliminateCommonSubexpressions(), new DissolveShapeArithmetic(), new EliminateDeadNodes()])
            {
                GraphPasses.Run(pass, optimized, context);
                GraphVerifier.VerifyTypes(optimized, pass.Name);
            }

            Assert.True(optimized.Nodes.Count <= graph.Nodes.Count);
            Assert.DoesNotContain(optimized.Nodes, n => n.Operator is Identity or ShapeOf or Gather);
            object?[] inputs = RandomGraphs.Inputs(graph, (ulong)seed, _ => 4);
            object?[] expected = Interpreter.Run(graph, inputs), actual = Interpreter.Run(optimized, inputs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal((Tensor)expected[i]!, (Tensor)actual[i]!);
            }
        }
    }
}
