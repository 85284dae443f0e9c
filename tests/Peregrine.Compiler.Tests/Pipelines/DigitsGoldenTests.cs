using Peregrine.Backends.Cpu;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Planning;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Pipelines;

/// <summary>The digits model's optimized graph and plan, as they print.</summary>
public sealed class DigitsGoldenTests
{
    private const string Folder = "tests/Peregrine.Compiler.Tests/Pipelines/";

    [Fact]
    public void Optimized_graph_prints_as_kept()
    {
        Graph graph = Import();
        ModelCompiler.Optimize(graph, new() { Verify = true }, new DiagnosticBag(), cancellation: TestContext.Current.CancellationToken);
        string? difference = Golden.Compare(Folder + "digits.graph.golden.txt", GraphPrinter.Print(graph));
        Assert.True(difference is null, difference);
    }

    [Fact]
    public void Plan_prints_as_kept()
    {
        using CpuBackend backend = new(1);
        Plan plan = ModelCompiler.Compile(Import(), backend, new() { Tuning = new() { Deterministic = true } }, cancellation: TestContext.Current.CancellationToken).Plan;
        string? difference = Golden.Compare(Folder + "digits.plan.golden.txt", PlanPrinter.Print(plan));
        Assert.True(difference is null, difference);
    }

    private static Graph Import() => OnnxModel.Load(Path.Combine(SharedMaterial.Repository!, "samples", "digits", "digits.onnx")).Import();
}
