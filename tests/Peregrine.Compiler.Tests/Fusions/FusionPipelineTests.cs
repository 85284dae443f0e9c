using Peregrine.Compiler.Fusions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Fusions;

/// <summary>Rules together: chains of fusions, what the whole pipeline leaves, and that results stay.</summary>
public sealed class FusionPipelineTests
{
    [Theory]
    // Pad, bias, scale and statistics all end in one convolution.
    [InlineData("Conv Relu", """
        graph(%x: f32[N,3,6,6]) {
          %p = Pad(%x, @s64[8]{0,0,1,1,0,0,1,1})  %c = Conv(%p, @f32[4,3,3,3])  %b = Add(%c, @f32[4,1,1])
          %n = BatchNormalization(%b, @f32[4], @f32[4], @f32[4], @f32[4]{0.5,1.5,1,0.25})  %s = Mul(%n, @f32[1,4,1,1])  %y = Relu(%s)
          return %y
        }
        """)]
    [InlineData("Gemm", "graph(%x: f32[N,3]) { %m = MatMul(%x, @f32[3,2]) %a = Add(%m, @f32[2]) %y = BatchNormalization(%a, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }")]
    [InlineData("Mul Add", "graph(%x: f32[N,3]) { %a = Mul(%x, @f32[]{2}) %b = Mul(%a, @f32[]{3}) %c = Add(%b, @f32[]{1}) %y = Add(%c, @f32[]{4}) return %y }")]
    [InlineData("Mul", "graph(%x: f32[N,3]) { %a = Div(%x, @f32[]{8}) %y = Mul(%a, @f32[]{3}) return %y }")]
    // The activation of a convolution is found before the convolution takes its constants in.
    [InlineData("Conv HardSigmoid", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %a = Add(%c, @f32[]{3}) %l = Clip(%a, @f32[]{0}, @f32[]{6}) %y = Div(%l, @f32[]{6}) return %y }")]
    [InlineData("Conv HardSwish", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %a = Add(%c, @f32[]{3}) %l = Clip(%a, @f32[]{0}, @f32[]{6}) %m = Mul(%c, %l) %y = Div(%m, @f32[]{6}) return %y }")]
    // Every spelling of a layer normalization with scale and bias.
    [InlineData("LayerNormalization", """
        graph(%x: f32[N,M,6]) {
          %m = ReduceMean(%x, @s64[1]{-1})  %d = Sub(%x, %m)  %q = Pow(%d, @f32[]{2})  %v = ReduceMean(%q, @s64[1]{-1})  %e = Add(%v, @f32[]{1e-5})
          %p = Pow(%e, @f32[]{-0.5})  %n = Mul(%d, %p)  %s = Mul(@f32[6], %n)  %y = Add(%s, @f32[6])
          return %y
        }
        """)]
    [InlineData("RMSNormalization", """
        graph(%x: f32[N,M,6]) {
          %q = Pow(%x, @f32[]{2})  %v = ReduceMean(%q, @s64[1]{-1})  %e = Add(%v, @f32[]{1e-5})  %r = Sqrt(%e)  %i = Reciprocal(%r)  %n = Mul(%x, %i)  %y = Mul(%n, @f32[6])
          return %y
        }
        """)]
    // Transposes around a channels-last body cancel.
    [InlineData("Conv Mul Relu Conv", """
        graph(%x: f32[N,3,6,6]) {
          %c = Conv(%x, @f32[4,3,3,3])  %t = Transpose(%c) {perm=[0,2,3,1]}  %r = Relu(%t)  %m = Mul(%r, @f32[4,4,4])  %u = Transpose(%m) {perm=[0,3,1,2]}  %y = Conv(%u, @f32[2,4,3,3])
          return %y
        }
        """)]
    [InlineData("Concat ReduceMean", """
        graph(%x: f32[N,3,6,6], %z: f32[N,5,6,6]) {
          %t = Transpose(%x) {perm=[0,2,3,1]}  %u = Transpose(%z) {perm=[0,2,3,1]}  %j = Concat(%t, %u) {axis=3}  %y = ReduceMean(%j, @s64[2]{1,2}) {keepdims=0}
          return %y
        }
        """)]
    [InlineData("Gemm", "graph(%x: f32[N,3], %w: f32[4,3]) { %t = Transpose(%w) %m = MatMul(%x, %t) %y = Add(%m, @f32[4]) return %y }")]
    public void Chains_fuse(string operators, string text)
    {
        Graph before = GraphParser.Parse(text), after = GraphParser.Parse(text);
        ModelCompiler.Optimize(after, new() { Verify = true, Disabled = new HashSet<string>(StringComparer.Ordinal) { "FormRegions" } }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(operators.Split(' ').Order(StringComparer.Ordinal), after.Nodes.Select(n => n.Operator.Definition.Name).Order(StringComparer.Ordinal));
        object?[] inputs = RandomGraphs.Inputs(before, 5, _ => 3);
        Assert.Null(TensorComparison.Compare((Tensor)Interpreter.Run(before, inputs)[0]!, (Tensor)Interpreter.Run(after, inputs)[0]!, new Tolerance(2e-5, 2e-6)).Problem);
    }

    [Fact]
    public void Fused_weights_derive_from_the_originals()
    {
        Graph graph = GraphParser.Parse("graph(%x: f32[N,3,4]) { %c = Conv(%x, %w@f32[2,3,3]) %y = BatchNormalization(%c, %gamma@f32[2], %beta@f32[2], %mean@f32[2], %variance@f32[2]{0.5,2}) return %y }");
        GraphPasses.Run(FusionRewrites.Pass(), graph, new PassContext { Verify = true });
        HashSet<string> originals = [];
        foreach (Constant constant in graph.Nodes[0].Inputs.Skip(1).Select(i => i!.Constant!))
        {
            Collect(constant, originals);
        }

        Assert.Superset(new HashSet<string> { "w", "gamma", "beta", "mean", "variance" }, originals);

        static void Collect(Constant constant, HashSet<string> originals)
        {
            if (constant.Derivation is not { } derivation)
            {
                originals.Add(constant.Name);
                return;
            }

            foreach (Constant input in derivation.Inputs.OfType<Constant>())
            {
                Collect(input, originals);
            }
        }
    }

    [Fact]
    public void Random_graphs_keep_their_results()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Graph graph = RandomGraphs.Create(seed, 20), optimized = RandomGraphs.Create(seed, 20);
            ModelCompiler.Optimize(optimized, new() { Verify = true }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
            object?[] inputs = RandomGraphs.Inputs(graph, (ulong)seed, _ => 4);
            object?[] expected = Interpreter.Run(graph, inputs), actual = Interpreter.Run(optimized, inputs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Null(TensorComparison.Compare((Tensor)expected[i]!, (Tensor)actual[i]!, new Tolerance(1e-5, 1e-5)).Problem);
            }
        }
    }

    [Fact]
    public void The_log_ends_with_what_the_rules_did_and_nearly_did()
    {
        Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%x, %s) %t = Sigmoid(%y) %z = Mul(%y, %t) return %z, %t }");
        List<string> log = [];
        ModelCompiler.Optimize(graph, new() { Log = log.Add }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
        Assert.Contains(log, l => l.StartsWith("FuseSwish: 1 applied, ", StringComparison.Ordinal) && l.Contains("%t has 2 uses", StringComparison.Ordinal));
    }
}
