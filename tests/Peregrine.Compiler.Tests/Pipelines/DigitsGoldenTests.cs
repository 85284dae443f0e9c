using Peregrine.Compiler.Tests.Lowering;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
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
        // The CPU's plans depend on the machine. Here convolutions like channels-last, and nothing else takes it.
        using PricedBackend backend = new(request =>
        {
            bool read = !request.Inputs[0].Layout.IsRowMajor, write = !request.Outputs[0].Layout.IsRowMajor;
            return request.Anchor is Conv ? (write ? 1 : 4) + (read ? 0 : 0.5) : request.Anchor is null ? 0.1 : read || write ? double.PositiveInfinity : 1;
        });
        Plan plan = ModelCompiler.Compile(Import(), backend, new() { Tuning = new() { Level = 0 } }, cancellation: TestContext.Current.CancellationToken).Plan;
        string? difference = Golden.Compare(Folder + "digits.plan.golden.txt", PlanPrinter.Print(plan));
        Assert.True(difference is null, difference);
    }

    private static Graph Import() => OnnxModel.Load(Path.Combine(SharedMaterial.Repository!, "samples", "digits", "digits.onnx")).Import();
}
