using Peregrine.Compiler.Tests.Pipelines;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.TestKit;

namespace Peregrine.Compiler.Tests.Fusions;

/// <summary>Every instance of a pattern in well-known exports is found: one that is missed is an exporter's habit that a rule does not know.</summary>
public sealed class ZooFusionTests
{
    [Theory]
    [InlineData("bert_base", "LayerNormalization=25 Gelu=12", "ReduceMean Sqrt Div Erf Pow")]
    [InlineData("vit_b_16", "LayerNormalization=25 Gelu=12", "Erf Div")]
    [InlineData("gpt2_small", "LayerNormalization=25 Gelu=12 Gemm=49", "Tanh Pow Div")]
    [InlineData("yolov5s", "Conv=60 Swish=57 Sigmoid=3", "BatchNormalization Pow")]
    [InlineData("resnet50", "Conv=53 Relu=49 Add=16", "BatchNormalization Mul")]
    [InlineData("efficientnet_b4", "Conv=128 ScaledConv=32 Swish=96", "BatchNormalization")]
    [InlineData("mobilenet_v2", "Conv=52 Clip=35", "BatchNormalization Mul")]
    public void Patterns_of_the_zoo_are_fused(string model, string counts, string gone)
    {
        Assert.SkipWhen(SharedMaterial.SharedPath("zoo", model) is null, SharedMaterial.Absent);
        Graph graph = ZooImport.WithoutWeights(SharedMaterial.SharedPath("zoo", model)!);
        ModelCompiler.Optimize(graph, new() { Verify = true }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
        Dictionary<string, int> found = graph.AllNodes.GroupBy(n => n.Operator.Definition.Name).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(counts, string.Join(' ', counts.Split(' ').Select(c => c.Split('=')[0]).Select(name => $"{name}={found.GetValueOrDefault(name)}")));
        Assert.DoesNotContain(gone.Split(' '), found.ContainsKey);
        // Every bias has gone into its convolution, every layer still tells all nodes that it stands for.
        Assert.All(graph.AllNodes.Where(n => n.Operator is Conv), n => Assert.Equal(3, n.Inputs.Count));
        Assert.All(graph.AllNodes.Where(n => n.Operator is Swish or Gelu or LayerNormalization), n => Assert.NotEmpty(n.Provenance.Sources));
    }

    [Fact]
    public void Weights_that_are_embeddings_too_are_not_copied()
    {
        Assert.SkipWhen(SharedMaterial.SharedPath("zoo", "gpt2_small") is null, SharedMaterial.Absent);
        Graph graph = ZooImport.WithoutWeights(SharedMaterial.SharedPath("zoo", "gpt2_small")!);
        ModelCompiler.Optimize(graph, new() { Verify = true }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
        Value embedding = Assert.Single(graph.Constants, c => c.Constant!.Data.Length > 20_000_000);
        Assert.Equal(["Gather", "Gemm"], embedding.Uses.Select(u => u.Node!.Operator.Definition.Name).Order(StringComparer.Ordinal));
    }
}
