using Peregrine;
using Peregrine.Conformance;
using Peregrine.TestKit;

namespace Conformance;

/// <summary>
/// ONNX's cases on the processor with all inputs but the first as constants of the model: what kernels make of weights, scales and indices when they know them while building. The instruction set is
/// that of the process (PEREGRINE_ISA). PEREGRINE_CONSTANT_CASES is a pattern that selects cases; without it, those whose names hold one of the words for operators with weights run.
/// </summary>
public sealed class ConstantInputTests(ITestOutputHelper output)
{
    private static readonly string[] Words = ["conv", "gemm", "matmul", "normalization", "batchnorm", "instancenorm", "layer_norm", "resize", "prelu", "linear", "bcast", "rnn", "lstm", "gru", "attention"];

    [Fact]
    public void Cases_pass_with_constants_in_place_of_inputs()
    {
        string? node = SharedMaterial.SharedPath("onnx-cases", "node");
        Assert.SkipWhen(node is null, SharedMaterial.Absent);
        string? pattern = Environment.GetEnvironmentVariable("PEREGRINE_CONSTANT_CASES");
        IEnumerable<ConformanceCase> cases = ConformanceCase.Find([node], filter: string.IsNullOrEmpty(pattern) ? null : pattern);
        if (string.IsNullOrEmpty(pattern))
        {
            cases = cases.Where(c => Words.Any(w => c.Name.Contains(w, StringComparison.Ordinal)));
        }

        ConformanceReport report = new ConformanceRunner(m => new EngineOnCpu(m), new() { ConstantInputs = true }).Run(cases);
        output.WriteLine(report.Summary);
        Assert.True(report.Failed == 0, $"{report.Summary}\n{string.Join('\n', report.Results.Where(r => r.Outcome is ConformanceOutcome.Failed or ConformanceOutcome.Crashed))}");
        Assert.True(report.Passed > 0, report.Summary);
    }

    private sealed class EngineOnCpu : IConformanceEngine
    {
        private readonly Engine _engine;
        private readonly InferenceContext _context;

        public EngineOnCpu(OnnxModel model)
        {
            _engine = new EngineBuilder().Level(0).Build(model);
            _context = _engine.CreateContext();
        }

        public IReadOnlyList<object?> Run(IReadOnlyList<object?> inputs, CancellationToken cancellation)
        {
            for (int i = 0; i < inputs.Count; i++)
            {
                if (inputs[i] is { } value)
                {
                    _context.BindInput(_engine.Inputs[i].Name, value);
                }
            }

            _context.Run(cancellation);
            return [.. _engine.Outputs.Select(o => _context.OutputValue(o.Name))];
        }

        public void Dispose()
        {
            _context.Dispose();
            _engine.Dispose();
        }
    }
}
