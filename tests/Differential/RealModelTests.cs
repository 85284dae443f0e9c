using System.Globalization;
using Peregrine;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

/// <summary>Architectures and trained models against ONNX Runtime run live on the same inputs: the interpreter and the built engine.</summary>
public sealed class RealModelTests(PeerFixture fixture)
{
    /// <summary>What the cases themselves ask for.</summary>
    private const double Relative = 1e-3, Absolute = 1e-4;

    public static TheoryData<string> Light => ["light_bvlc_alexnet", "light_inception_v1", "light_resnet50", "light_shufflenet", "light_squeezenet"];

    public static TheoryData<string> Trained => ["ocr_cls", "ocr_det", "ocr_rec", "silero_v5_16k", "silero_v5_8k_batch3"];

    [Theory]
    [MemberData(nameof(Light))]
    public void Light_architectures_agree(string name)
    {
        string folder = Materials.Shared("onnx-cases", "light", name);
        string path = Path.Combine(folder, "model.onnx");
        Graph graph = OnnxModel.Load(path).Import();
        // Their weights are constant, so that other inputs test more than the recorded ones.
        Check(path, graph, [.. graph.Inputs.Select(i => RandomTensor.Create(i.Tensor!.ElementType, i.Tensor.Shape.ToStatic(), RandomTensor.SeedOf(name)))]);
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public void Trained_models_agree(string name)
    {
        string folder = Materials.Shared("real-cases", name);
        Assert.SkipWhen(NodeModules.Folder is null, SharedMaterial.NodeModulesAbsent);
        string path = Path.Combine(NodeModules.Folder!, File.ReadAllText(Path.Combine(folder, "SOURCE")).Trim());
        Assert.SkipUnless(File.Exists(path), $"{path} is absent: install its npm package.");
        Graph graph = OnnxModel.Load(path).Import();
        Check(path, graph, [.. OnnxTestData.Read(OnnxTestData.FindSets(folder)[0], [.. graph.Inputs.Select(i => i.Type)], [.. graph.Outputs.Select(o => o.Value.Type)]).Inputs.Cast<Tensor>()]);
    }

    private void Check(string path, Graph graph, IReadOnlyList<Tensor> inputs)
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(path);
        IReadOnlyDictionary<string, Tensor> expected = session.Run(graph.Inputs.Zip(inputs).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal));
        Compare("interpreter", graph, Interpreter.Run(graph, [.. inputs]), expected);
        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Build(OnnxModel.Load(path));
        using InferenceContext context = engine.CreateContext();
        for (int i = 0; i < inputs.Count; i++)
        {
            context.BindInput(engine.Inputs[i].Name, inputs[i]);
        }

        context.Run();
        Compare("engine", graph, [.. engine.Outputs.Select(o => context.OutputValue(o.Name))], expected);
    }

    private static void Compare(string who, Graph graph, IReadOnlyList<object?> actual, IReadOnlyDictionary<string, Tensor> expected)
    {
        Assert.Equal(graph.Outputs.Count, actual.Count);
        for (int i = 0; i < actual.Count; i++)
        {
            Tensor wanted = expected[graph.Outputs[i].Name];
            TensorComparison comparison = TensorComparison.Compare(wanted, (Tensor)actual[i]!, new(Relative, Absolute));
            Assert.True(comparison.IsClose, string.Create(CultureInfo.InvariantCulture, $"{who}, output \"{graph.Outputs[i].Name}\": {comparison}"));
            // An output of zeros would agree with anything small.
            Assert.True(TensorElements.ToDoubles(wanted).Any(v => Math.Abs(v) > 10 * Absolute), $"output \"{graph.Outputs[i].Name}\" says nothing");
        }
    }
}
