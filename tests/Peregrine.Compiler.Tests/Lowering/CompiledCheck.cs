using Peregrine.Backends.Cpu;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Networks from the graph to their results on the CPU.</summary>
internal static class CompiledCheck
{
    /// <summary>Compiles, checks the plan and that it survives a file, runs it twice at two workers, and compares with the graph.</summary>
    public static EngineContent Run(Graph graph, int seed, IReadOnlySet<string>? disabled = null, Action<InferenceContext>? inspect = null)
    {
        Tensor[] inputs = [.. graph.Inputs.Select((v, i) => RandomTensor.Create(DataType.Float32, [.. v.Tensor!.Shape.Select(d => d.Evaluate(s => s == "N" ? 1 + (seed % 3) : 5 + (seed % 4)))], (ulong)(seed + i)))];
        IReadOnlyList<object?> expected = Interpreter.Run(graph, inputs);
        using CpuBackend backend = new(2);
        EngineContent content = ModelCompiler.Compile(graph, backend, new() { Tuning = new() { Deterministic = true }, Verify = true, Disabled = disabled ?? new HashSet<string>() }, cancellation: TestContext.Current.CancellationToken);
        Assert.Null(PlanValidator.Problem(content));
        using EngineFile file = EngineCodec.Open(EngineCodec.ToArray(content), OperatorCatalog.Standard);
        Assert.Equal(PlanPrinter.Print(content.Plan), PlanPrinter.Print(file.Content.Plan));
        using Engine engine = new(file.Content, backend, ownsBackend: false);
        using InferenceContext context = engine.CreateContext();
        for (int run = 0; run < 2; run++)
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                context.BindInput(engine.Inputs[i].Name, inputs[i]);
            }

            context.Run(TestContext.Current.CancellationToken);
            for (int i = 0; i < expected.Count; i++)
            {
                TensorComparison comparison = TensorComparison.Compare((Tensor)expected[i]!, (Tensor)context.OutputValue(engine.Outputs[i].Name), new(2e-5, 2e-5));
                Assert.True(comparison.IsClose, $"seed {seed}, run {run}, output {i}: {comparison}\n{PlanPrinter.Print(content.Plan)}");
            }
        }

        inspect?.Invoke(context);
        return content;
    }
}
