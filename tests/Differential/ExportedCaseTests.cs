using Peregrine;
using Peregrine.Compiler;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Export;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

/// <summary>What the exporter writes means to ONNX Runtime what the original model meant.</summary>
public sealed class ExportedCaseTests(PeerFixture fixture)
{
    /// <summary>How a model is written.</summary>
    public enum Form
    {
        /// <summary>With the exporter's default operator set.</summary>
        Default,
        /// <summary>With the original's operator set, as <c>peregrine convert</c> does.</summary>
        OwnOpset,
        /// <summary>The same after the compiler's rewrites, as <c>peregrine convert --optimize</c> does.</summary>
        Optimized,
    }

    [Theory]
    [InlineData("node", Form.Default, 900)]
    [InlineData("node", Form.OwnOpset, 900)]
    [InlineData("node", Form.Optimized, 900)]
    [InlineData("simple", Form.OwnOpset, 6)]
    [InlineData("simple", Form.Optimized, 6)]
    [InlineData("light", Form.OwnOpset, 5)]
    [InlineData("light", Form.Optimized, 5)]
    public void Written_cases_give_what_the_originals_give(string suite, Form form, int least)
    {
        string cases = Materials.Shared("onnx-cases", suite);
        OnnxRuntimePeer peer = fixture.Peer;
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-exported-{Environment.ProcessId}-{suite}-{form}.onnx");
        List<string> problems = [], withoutKernel = [], refused = [];
        int compared = 0;
        foreach (string folder in Directory.EnumerateDirectories(cases).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder), original = Path.Combine(folder, "model.onnx");
            OnnxModel model = OnnxModel.Load(original);
            if (model.Proto.Graph!.Nodes.Any(n => Training.Contains(n.OperatorType)))
            {
                continue;
            }

            try
            {
                Graph graph = model.Import();
                if (graph.AllNodes.Any(IsRandom) || ReadInputs(graph, folder) is not { } inputs)
                {
                    // Not to be compared: random, or no plain tensors.
                    continue;
                }

                if (Run(peer, original, inputs, out string whyNot) is not { } expected)
                {
                    refused.Add($"{name}: {whyNot.Split('\n')[0]}");
                    continue;
                }

                Write(model, graph, form, path);
                if (Run(peer, path, inputs, out string why) is not { } actual)
                {
                    (why.Contains("NOT_IMPLEMENTED", StringComparison.Ordinal) || why.Contains("Could not find an implementation", StringComparison.Ordinal) ? withoutKernel : problems).Add($"{name}: {why.Split('\n')[0]}");
                    continue;
                }

                compared++;
                foreach ((string output, Tensor tensor) in expected)
                {
                    // Optimizations sum in another order; where large terms cancel, that shows relative to their magnitude.
                    Tolerance tolerance = new(1e-4, Math.Max(1e-6, 1e-6 * Magnitude(tensor)), form == Form.Optimized ? 1 : 0);
                    if (TensorComparison.Compare(tensor, actual[output], tolerance).Problem is { } problem)
                    {
                        problems.Add($"{name}, output \"{output}\": {problem}");
                    }
                }
            }
            catch (ModelException e)
            {
                problems.Add($"{name}: {e.Message.ReplaceLineEndings(" ")}");
            }
            finally
            {
                File.Delete(path);
            }
        }

        Assert.True(problems.Count == 0, $"{problems.Count} of {compared}:\n{string.Join('\n', problems)}");
        // A newer operator set may lack a kernel that an older one has.
        Assert.True(withoutKernel.Count <= (form == Form.Default ? 40 : 10), $"{withoutKernel.Count} written models have no kernel:\n{string.Join('\n', withoutKernel)}");
        Assert.True(compared >= least, $"only {compared} cases were compared; ONNX Runtime refused the originals:\n{string.Join('\n', refused)}");
    }

    private static readonly string[] Training = ["Adagrad", "Adam", "Gradient", "Momentum"];

    /// <summary>A dropout that is not told to train passes its input on.</summary>
    private static bool IsRandom(Node node) => node.Operator is IRandomOperator && (node.Operator is not Dropout || node.Inputs.Count > 2);

    private static void Write(OnnxModel model, Graph graph, Form form, string path)
    {
        if (form == Form.Optimized)
        {
            DiagnosticBag diagnostics = new();
            ModelCompiler.OptimizeWithinStandard(graph, new() { Verify = true }, diagnostics);
        }

        OnnxExporter.Save(graph, path, form == Form.Default ? null : new() { LowestOpset = OnnxExporter.OpsetFor(model.Proto) });
    }

    private static double Magnitude(Tensor tensor) => tensor.Type.IsFloat() ? TensorElements.ToDoubles(tensor).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max() : 0;

    /// <summary>Null if a value is no tensor or has no file.</summary>
    private static Dictionary<string, Tensor>? ReadInputs(Graph graph, string folder)
    {
        if (!graph.Inputs.All(i => i.Type is TensorType) || OnnxTestData.FindSets(folder) is not [string set, ..])
        {
            return null;
        }

        IReadOnlyList<object?> values = OnnxTestData.Read(set, [.. graph.Inputs.Select(i => i.Type)], [.. graph.Outputs.Select(o => o.Value.Type)]).Inputs;
        return values.Contains(null) ? null : graph.Inputs.Zip(values).ToDictionary(p => p.First.Name, p => (Tensor)p.Second!, StringComparer.Ordinal);
    }

    private static IReadOnlyDictionary<string, Tensor>? Run(OnnxRuntimePeer peer, string path, Dictionary<string, Tensor> inputs, out string why)
    {
        try
        {
            using OnnxRuntimeSession session = peer.Load(path);
            why = "";
            return session.Run(inputs);
        }
        catch (Exception e) when (e is OnnxRuntimeException or OnnxRuntimePeerLostException or OnnxRuntimeUnsupportedException or NotSupportedException)
        {
            why = e.Message;
            return null;
        }
    }
}
