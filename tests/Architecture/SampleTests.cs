using Peregrine;
using Peregrine.Compiler;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;
using Samples;

namespace Architecture;

/// <summary>The code of README and docs/howto does what the pages say.</summary>
public sealed class SampleTests
{
    private const int Images = 3;

    private static readonly string Digits = Repository.At("samples", "digits", "digits.onnx");

    [Fact]
    public void The_quickstart_recognises_digits_and_the_saved_engine_gives_the_same_bits()
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-samples").FullName;
        try
        {
            string path = Path.Combine(folder, "digits.engine");
            float[] built = Quickstart.Run(Digits, path, Pixels(), Images);
            Assert.Equal(built, Quickstart.RunSaved(path, Pixels(), Images));
            ReadOnlySpan<byte> labels = NumpyFile.Read(Repository.At("samples", "digits", "test_labels.npy")).Span<byte>();
            for (int i = 0; i < Images; i++)
            {
                float[] row = built[(i * 10)..((i + 1) * 10)];
                Assert.Equal(labels[i], Array.IndexOf(row, row.Max()));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_network_needs_no_ONNX() => Assert.Equal([0, 2, 3, 0], NetworkWithoutOnnx.Run([1, 5, 3, 3, 4, 1, 1, 2]));

    [Fact]
    public void The_pointwise_operator_computes_and_is_read_from_text()
    {
        Graph graph = GraphParser.Parse("graph(%x: f32[N]) { %y = samples.Squareplus(%x) {b=0.0} return %y }", Catalog());
        Tensor y = (Tensor)Interpreter.Run(graph, [Tensor.Vector(-2f, 0f, 3f)])[0]!;
        Assert.Equal(Tensor.Vector(0f, 0f, 3f), y);
        Assert.Equal(new Squareplus(1), new Squareplus(1));
    }

    [Fact]
    public void The_native_operator_infers_computes_and_refuses()
    {
        Graph graph = GraphParser.Parse("graph(%x: f32[N,2]) { %y = samples.RepeatRows(%x) {count=2} return %y }", Catalog());
        Assert.Equal("f32[2*N,2]", graph.Outputs[0].Value.Type.ToString());
        Assert.Equal(Tensor.Of<float>([4, 2], [1, 2, 1, 2, 3, 4, 3, 4]), Interpreter.Run(graph, [Tensor.Of<float>([2, 2], [1, 2, 3, 4])])[0]);
        Assert.Equal(Tensor.Of<float>([0, 2], []), Interpreter.Run(graph, [Tensor.Of<float>([0, 2], [])])[0]);
        Assert.Throws<Peregrine.Diagnostics.ModelException>(() => GraphParser.Parse("graph(%x: f32[]) { %y = samples.RepeatRows(%x) {count=2} return %y }", Catalog()));
    }

    [Fact]
    public void The_rewrite_keeps_its_promise() => Assert.Null(RewriteExamples.Check(new FuseSwish()));

    [Fact]
    public void The_rewrite_leaves_shared_values_alone()
    {
        Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%x, %s) return %y, %s }");
        Assert.Equal(0, GraphPasses.Run(new RewritePass("Samples", [new FuseSwish()]), graph, new()));
    }

    [Fact]
    public void The_plain_backend_runs_the_digits_and_its_tactic_is_taken()
    {
        PlainBackend backend = new();
        EngineContent content = ModelCompiler.Compile(OnnxModel.Load(Digits).Import(), backend, new CompileOptions { ModelName = "digits", Disabled = new HashSet<string>(StringComparer.Ordinal) { "FormRegions" } });
        Assert.Contains(content.Plan.Steps.OfType<KernelStep>(), s => s.Tactic.Name == "plain.relu");
        using Engine engine = new(content, backend);
        using Engine usual = new EngineBuilder().Build(OnnxModel.Load(Digits));
        Assert.All(Probabilities(usual).Zip(Probabilities(engine)), p => Assert.Equal(p.First, p.Second, 1e-6f));
    }

    [Fact]
    public void Values_can_be_listed_and_patches_bisected()
    {
        Dictionary<string, Tensor> values = Debugging.ReferenceValues(Digits, Tensor.Of<float>([Images, 1, 8, 8], Pixels()));
        Assert.Contains("probabilities", values.Keys);
        Assert.True(values.Count > 5);
        Assert.Null(Debugging.FirstWrongPatch(Digits, 10, _ => true));
        // Patch 3 is the culprit: the engines after 10, 5, 2 and 3 patches are wrong, wrong, right, wrong.
        Queue<bool> judgements = new([false, false, true, false]);
        Assert.Equal(3, Debugging.FirstWrongPatch(Digits, 10, _ => judgements.Dequeue()));
        Assert.Empty(judgements);
    }

    private static OperatorCatalog Catalog() => OperatorCatalog.Standard.Clone().Add(Squareplus.Schema, RepeatRows.Schema);

    private static float[] Probabilities(Engine engine)
    {
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("image", [Images, 1, 8, 8]).CopyFrom(Pixels());
        context.Run();
        return context.Output<float>("probabilities").ToArray();
    }

    private static float[] Pixels()
    {
        ReadOnlySpan<byte> images = NumpyFile.Read(Repository.At("samples", "digits", "test_images.npy")).Span<byte>();
        return [.. images[..(Images * 64)].ToArray().Select(p => p / 16f)];
    }
}
