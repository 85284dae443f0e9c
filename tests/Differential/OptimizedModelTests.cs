using Peregrine;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Export;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

/// <summary>Models as ONNX Runtime's optimizer writes them, full of its own operators, mean what the originals mean.</summary>
public sealed class OptimizedModelTests(PeerFixture fixture) : IDisposable
{
    private readonly string _optimized = Path.Combine(Path.GetTempPath(), $"peregrine-optimized-{Guid.NewGuid():N}.onnx");

    public static TheoryData<string> Light => ["light_inception_v1", "light_resnet50", "light_shufflenet", "light_squeezenet"];

    public static TheoryData<string> Trained => RealModelTests.Trained;

    public void Dispose() => File.Delete(_optimized);

    [Theory]
    [MemberData(nameof(Light))]
    public void Light_architectures_agree(string name)
    {
        string path = Materials.Shared("onnx-cases", "light", name, "model.onnx");
        Graph graph = OnnxModel.Load(path).Import();
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

    [Fact]
    public void Random_networks_agree()
    {
        OnnxRuntimePeer peer = fixture.Peer;
        List<string> problems = [];
        HashSet<string> met = new(StringComparer.Ordinal);
        int compared = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            Graph graph = RandomNetworks.Create(seed);
            IReadOnlyList<Tensor> inputs = RandomNetworks.Inputs(graph, seed);
            string path = _optimized + ".original";
            try
            {
                OnnxExporter.Save(graph, path);
                using OnnxRuntimeSession session = peer.Load(path, optimization: OnnxRuntimeOptimization.Extended, optimizedPath: _optimized);
                IReadOnlyDictionary<string, Tensor> expected = session.Run(graph.Inputs.Zip(inputs).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal));
                OnnxModel model = OnnxModel.Load(File.ReadAllBytes(_optimized), $"seed {seed}");
                met.UnionWith(Foreign(model.Proto.Graph!));
                IReadOnlyList<object?> actual = Interpreter.Run(model.Import(), [.. inputs]);
                compared++;
                for (int i = 0; i < actual.Count; i++)
                {
                    Tensor wanted = expected[graph.Outputs[i].Name];
                    double largest = wanted.Type.IsFloat() ? TensorElements.ToDoubles(wanted).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max() : 0;
                    if (TensorComparison.Compare(wanted, (Tensor)actual[i]!, new(1e-3, 1e-3 * largest)).Problem is { } problem)
                    {
                        problems.Add($"seed {seed}, output \"{graph.Outputs[i].Name}\": {problem}");
                    }
                }
            }
            catch (Exception e) when (e is OnnxRuntimeException or OnnxRuntimePeerLostException)
            {
                // No kernel, or a crash inside ONNX Runtime: another test counts those.
            }
            catch (ModelException e)
            {
                problems.Add($"seed {seed}: {e.Message}");
            }
            finally
            {
                File.Delete(path);
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(compared >= 120, $"only {compared} networks were compared");
        Assert.True(met.Count >= 3, $"only {string.Join(", ", met)} were met");
    }

    private void Check(string path, Graph graph, IReadOnlyList<Tensor> inputs)
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(path, optimization: OnnxRuntimeOptimization.Extended, optimizedPath: _optimized);
        IReadOnlyDictionary<string, Tensor> expected = session.Run(graph.Inputs.Zip(inputs).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal));
        OnnxModel model = OnnxModel.Load(_optimized);
        Assert.NotEmpty(Foreign(model.Proto.Graph!));
        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Build(model);
        using InferenceContext context = engine.CreateContext();
        foreach (Value input in model.Import().Inputs)
        {
            // What the optimizer has folded leaves inputs that nothing reads.
            int original = graph.Inputs.TakeWhile(i => i.Name != input.Name).Count();
            context.BindInput(input.Name, original < inputs.Count ? inputs[original] : Tensor.Allocate(input.Tensor!.ElementType, input.Tensor.Shape.ToStatic()));
        }

        context.Run();
        foreach (GraphOutput output in graph.Outputs)
        {
            TensorComparison comparison = TensorComparison.Compare(expected[output.Name], (Tensor)context.OutputValue(output.Name)!, new(1e-3, 1e-4));
            Assert.True(comparison.IsClose, $"output \"{output.Name}\": {comparison.Problem}");
        }
    }

    /// <summary>The operators of com.microsoft in a graph and its bodies.</summary>
    private static IEnumerable<string> Foreign(OnnxGraphProto graph) =>
        graph.Nodes.Where(n => n.Domain == "com.microsoft").Select(n => n.OperatorType)
            .Concat(graph.Nodes.SelectMany(n => n.Attributes).Where(a => a.Graph is not null).SelectMany(a => Foreign(a.Graph!)));
}
