using System.Text.RegularExpressions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Fusions;

/// <summary>docs/fusions.md shows graphs before and after the pipeline; the latter are what it makes.</summary>
public sealed partial class DocumentedFusionTests
{
    private const string Document = "docs/fusions.md";

    [Fact]
    public void Graphs_in_the_document_are_what_the_pipeline_makes()
    {
        string text = File.ReadAllText(Path.Combine(SharedMaterial.Repository!, Document));
        Assert.True(Sample().Count(text) >= 5);
        string made = Sample().Replace(text, m => $"```before\n{m.Groups["before"].Value}```\n```after\n{Optimized(m.Groups["before"].Value)}```\n");
        string? difference = Golden.Compare(Document, made);
        Assert.True(difference is null, difference);
    }

    [Fact]
    public void Every_rule_is_documented()
    {
        string text = File.ReadAllText(Path.Combine(SharedMaterial.Repository!, Document));
        string[] named = [.. Compiler.Fusions.RecognitionRewrites.All.Concat(Compiler.Fusions.FusionRewrites.All).Concat(Compiler.Fusions.KernelRewrites.All).Select(r => r.Name).Where(n => !n.Contains("Transpose", StringComparison.Ordinal) || n.StartsWith("FuseConv", StringComparison.Ordinal))];
        Assert.DoesNotContain(named, n => n != "ExpandBatchNormalization" && !text.Contains($"`{n}`", StringComparison.Ordinal));
    }

    private static string Optimized(string before)
    {
        Graph graph = GraphParser.Parse(before);
        ModelCompiler.Optimize(graph, new() { Verify = true }, new DiagnosticBag());
        return GraphPrinter.Print(graph).TrimEnd('\n') + "\n";
    }

    [GeneratedRegex("```before\n(?<before>.*?)```\n```after\n.*?```\n", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();
}
