using Peregrine;
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
    [Fact]
    public void Exported_cases_give_what_the_originals_give()
    {
        string cases = Materials.Shared("onnx-cases", "node");
        OnnxRuntimePeer peer = fixture.Peer;
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-exported-{Environment.ProcessId}.onnx");
        List<string> problems = [], withoutKernel = [];
        int compared = 0;
        foreach (string folder in Directory.EnumerateDirectories(cases).Order(StringComparer.Ordinal))
        {
            try
            {
                string original = Path.Combine(folder, "model.onnx");
                Graph graph = OnnxModel.Load(original).Import();
                if (graph.AllNodes.Any(n => n.Operator is IRandomOperator) || ReadInputs(graph, folder) is not { } inputs || Run(peer, original, inputs, out _) is not { } expected)
                {
                    // Not to be compared: random, no plain tensors, or ONNX Runtime cannot run the original.
                    continue;
                }

                OnnxExporter.Save(graph, path);
                if (Run(peer, path, inputs, out string why) is not { } actual)
                {
                    (why.Contains("NOT_IMPLEMENTED", StringComparison.Ordinal) || why.Contains("Could not find an implementation", StringComparison.Ordinal) ? withoutKernel : problems).Add($"{Path.GetFileName(folder)}: {why.Split('\n')[0]}");
                    continue;
                }

                compared++;
                foreach ((string name, Tensor tensor) in expected)
                {
                    // The same kernels run, but optimizations may fuse them otherwise.
                    if (TensorComparison.Compare(tensor, actual[name], new(1e-5, 1e-6)).Problem is { } problem)
                    {
                        problems.Add($"{Path.GetFileName(folder)}, output \"{name}\": {problem}");
                    }
                }
            }
            catch (ModelException)
            {
                // An operator of training, say: the conformance suite knows of it.
            }
            finally
            {
                File.Delete(path);
            }
        }

        Assert.True(problems.Count == 0, $"{problems.Count} of {compared}:\n{string.Join('\n', problems)}");
        // A newer operator set may lack a kernel that an older one has.
        Assert.True(withoutKernel.Count <= 40, $"{withoutKernel.Count} exported models have no kernel:\n{string.Join('\n', withoutKernel)}");
        Assert.True(compared >= 900, $"only {compared} cases were compared");
    }

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
