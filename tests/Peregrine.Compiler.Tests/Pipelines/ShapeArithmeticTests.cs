using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.TestKit;

namespace Peregrine.Compiler.Tests.Pipelines;

/// <summary>No chain that only computes shapes survives in exported transformers: what is left of it are tensors of dims, which cost nothing at run time.</summary>
public sealed class ShapeArithmeticTests
{
    [Theory]
    [InlineData("bert_base", 12)]
    [InlineData("vit_b_16", 12)]
    [InlineData("gpt2_small", 12)]
    [InlineData("yolov5s", 1)]
    public void Chains_that_only_compute_shapes_are_gone(string model, int atLeastBefore)
    {
        Assert.SkipWhen(SharedMaterial.SharedPath("zoo", model) is null, SharedMaterial.Absent);
        Graph graph = ImportWithoutWeights(SharedMaterial.SharedPath("zoo", model)!);
        Assert.True(ShapeNodes(graph).Count() >= atLeastBefore, "the model as exported has no shape arithmetic, so this proves nothing");

        ModelCompiler.Optimize(graph, new() { Verify = true }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);

        Assert.Equal([], ShapeNodes(graph).Select(n => n.ToString()));
    }

    /// <summary>Nodes that read a shape, or whose result inference knows completely: only dims went into it.</summary>
    private static IEnumerable<Node> ShapeNodes(Graph graph) =>
        graph.AllNodes.Where(n => n.Operator is not DimTensor && (n.Operator is ShapeOf or SizeOf || n.Outputs.OfType<Value>().All(o => o.Contents is not null)));

    /// <summary>The zoo keeps large weights outside of the model; a file of zeros, which takes no space, stands in for them.</summary>
    private static Graph ImportWithoutWeights(string folder)
    {
        string copy = Path.Combine(Path.GetTempPath(), $"peregrine-{Path.GetFileName(folder)}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(copy);
        try
        {
            File.Copy(Path.Combine(folder, "model.onnx"), Path.Combine(copy, "model.onnx"));
            using (FileStream weights = File.Create(Path.Combine(copy, "weights.bin")))
            {
                weights.SetLength(1L << 30);
            }

            return OnnxModel.Load(Path.Combine(copy, "model.onnx")).Import();
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
