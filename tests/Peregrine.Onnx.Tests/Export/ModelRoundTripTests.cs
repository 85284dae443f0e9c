using System.Text.RegularExpressions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Export;
using Peregrine.Onnx.Wire;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Onnx.Tests.Export;

/// <summary>Models that others made: what is imported, exported and imported again is the same graph.</summary>
public sealed partial class ModelRoundTripTests
{
    public static TheoryData<string> Suites => ["node", "simple", "light"];

    [Theory]
    [MemberData(nameof(Suites))]
    public void Import_export_import_gives_the_same_graph(string suite)
    {
        string? cases = SharedMaterial.SharedPath("onnx-cases", suite);
        Assert.SkipWhen(cases is null, SharedMaterial.Absent);
        List<string> problems = [];
        int compared = 0;
        foreach (string path in Directory.EnumerateFiles(cases, "model.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            Graph graph;
            try
            {
                graph = OnnxModel.Load(path).Import();
            }
            catch (ModelException)
            {
                // An operator of training, say: the conformance suite knows of it.
                continue;
            }

            try
            {
                Graph again = OnnxModel.Load(ProtobufWriter.ToBytes(OnnxExporter.Export(graph))).Import();
                // What an import rule made of one node has one name; a file needs several.
                bool sameNames = graph.Nodes.Select(n => n.Name).Distinct(StringComparer.Ordinal).Count() == graph.Nodes.Count;
                string before = Normal(graph, sameNames), after = Normal(again, sameNames);
                compared++;
                if (before != after)
                {
                    problems.Add($"{path}:\n{before}\n{after}");
                }
            }
            catch (PeregrineException e)
            {
                problems.Add($"{path}: {e.Message}");
            }
        }

        Assert.True(problems.Count == 0, $"{problems.Count} of {compared + problems.Count}\n{string.Join('\n', problems)}");
        Assert.True(compared >= (suite == "node" ? 1300 : 5), $"only {compared} models were compared");
    }

    /// <summary>The graph's text with its data-dependent symbols numbered in order of appearance: their numbers tell how often types were inferred.</summary>
    private static string Normal(Graph graph, bool withOrigins)
    {
        Dictionary<string, string> numbers = new(StringComparer.Ordinal);
        string text = GraphPrinter.Print(graph);
        HashSet<string> fresh = [.. graph.Symbols.Symbols.Where(s => s.IsDataDependent).Select(s => s.Name)];
        // The list of symbols holds those that only hints about bodies made.
        text = SymbolList().Replace(text, "", 1);
        text = withOrigins ? text : Origin().Replace(text, "");
        // What a body calls its results means nothing.
        text = BodyResult().Replace(text, "");
        return FreshName().Replace(text, m => fresh.Contains(m.Value) ? numbers.TryGetValue(m.Value, out string? known) ? known : numbers[m.Value] = $"fresh{numbers.Count}" : m.Value);
    }

    [GeneratedRegex(@"\bu[0-9]+\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FreshName();

    [GeneratedRegex(@" // from .*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Origin();

    [GeneratedRegex(@" where .*(?= \{\n)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SymbolList();

    [GeneratedRegex(@"(?<=^ {3,}return [^\n]*) as ""[^""]*""", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex BodyResult();
}
