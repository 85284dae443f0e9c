using System.Diagnostics;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Conformance;

/// <summary>Runs cases on a backend and judges the results.</summary>
/// <param name="backend">Makes an engine of a model: <see cref="ReferenceConformanceEngine"/>, or a compiled one.</param>
public sealed class ConformanceRunner(Func<OnnxModel, IConformanceEngine> backend, ConformanceOptions? options = null)
{
    /// <summary>Operators that train; an inference engine has no use for them.</summary>
    public static IReadOnlyList<string> TrainingOperators { get; } = ["Adagrad", "Adam", "Gradient", "Momentum", "Nesterov"];

    private readonly ConformanceOptions _options = options ?? ConformanceOptions.Default;

    /// <summary>Runs all cases in order.</summary>
    /// <param name="finished">Called after each one.</param>
    public ConformanceReport Run(IEnumerable<ConformanceCase> cases, Action<ConformanceResult>? finished = null, CancellationToken cancellation = default)
    {
        List<ConformanceResult> results = [];
        foreach (ConformanceCase test in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            ConformanceResult result = Run(test, cancellation);
            results.Add(result);
            finished?.Invoke(result);
        }

        return new(results);
    }

    /// <summary>Runs one case with all its sets of data; the first problem decides.</summary>
    public ConformanceResult Run(ConformanceCase test, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_options.Timeout);
        try
        {
            if (test.ModelPath is null || !File.Exists(test.ModelPath))
            {
                return Result(ConformanceOutcome.Skipped, test.ModelPath is null ? "its SOURCE names a model, but no folder of models is given (--models)" : $"its model \"{test.ModelPath}\" is not there");
            }

            OnnxModel model = OnnxModel.Load(test.ModelPath);
            if (model.Proto.Graph!.Nodes.FirstOrDefault(n => TrainingOperators.Contains(n.OperatorType)) is { } training)
            {
                return Result(ConformanceOutcome.Skipped, $"{training.OperatorType} is an operator of training", isAllowed: true);
            }

            if (_options.ConstantInputs && model.Import().Inputs.Count < 2)
            {
                return Result(ConformanceOutcome.Skipped, "it has one input", isAllowed: true);
            }

            return RunSets(test, model, limit.Token) is { } problem ? Result(ConformanceOutcome.Failed, problem) : Result(ConformanceOutcome.Passed, "");
        }
        catch (PeregrineException e)
        {
            return Result(ConformanceOutcome.Failed, e.Message.ReplaceLineEndings(" | "));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Result(ConformanceOutcome.Failed, $"it takes longer than {_options.Timeout.TotalSeconds:F0} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever else is thrown is a bug in the product; the suite goes on and says where it was thrown.
            string place = e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains(" in ", StringComparison.Ordinal) || l.Contains("Peregrine", StringComparison.Ordinal))?.Trim() ?? "";
            return Result(ConformanceOutcome.Crashed, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")} {place}".Trim());
        }

        ConformanceResult Result(ConformanceOutcome outcome, string reason, bool isAllowed = false) => new(test.Name, outcome, reason, isAllowed, Stopwatch.GetElapsedTime(start));
    }

    private string? RunSets(ConformanceCase test, OnnxModel model, CancellationToken cancellation)
    {
        Graph graph = model.Import();
        HashSet<Value> random = OutputNature.Random(graph), approximate = OutputNature.Approximate(graph);
        using IConformanceEngine? engine = _options.ConstantInputs ? null : backend(model);
        foreach (string folder in OnnxTestData.FindSets(test.Folder))
        {
            OnnxTestData data = OnnxTestData.Read(folder, [.. graph.Inputs.Select(i => i.Type)], DeclaredOutputs(model, graph));
            IReadOnlyList<object?> results = engine?.Run(data.Inputs, cancellation) ?? RunWithConstants(model, [.. graph.Inputs.Select((input, i) => (input.Name, data.Inputs[i]))], cancellation);
            for (int i = 0; i < graph.Outputs.Count; i++)
            {
                Value value = graph.Outputs[i].Value;
                string? problem = new ValueComparison(_options, OutputNature.IsRounded(value), approximate.Contains(value)).Compare(data.Outputs[i], results[i]);
                if (problem is not null && random.Contains(value))
                {
                    problem = Plausibility.Check(data.Outputs[i], results[i]);
                }

                if (problem is not null)
                {
                    return $"{Path.GetFileName(folder)}, output \"{graph.Outputs[i].Name}\": {problem}";
                }
            }
        }

        return null;
    }

    private IReadOnlyList<object?> RunWithConstants(OnnxModel model, IReadOnlyList<(string Name, object? Value)> inputs, CancellationToken cancellation)
    {
        (OnnxModel constant, IReadOnlyList<int> kept) = ConstantInputs.Of(model, inputs) ?? (model, [.. Enumerable.Range(0, inputs.Count)]);
        using IConformanceEngine engine = backend(constant);
        return [.. engine.Run([.. kept.Select(i => inputs[i].Value)], cancellation).Select(r => r is Tensor tensor ? tensor.Clone() : r)];
    }

    /// <summary>The kinds of the files of expected outputs: what the model declares, as the files were written for it.</summary>
    private static IrType[] DeclaredOutputs(OnnxModel model, Graph graph)
    {
        IReadOnlyList<OnnxValueInfoProto> declared = model.Proto.Graph!.Outputs;
        return [.. graph.Outputs.Select((output, i) => declared[i].Type?.Kind switch
        {
            OnnxTypeKind.Sequence => new SequenceType(IrType.Unknown),
            OnnxTypeKind.Optional => new OptionalType(IrType.Unknown),
            OnnxTypeKind.Map => new MapType(declared[i].Type!.KeyType, DataType.Undefined),
            OnnxTypeKind.Tensor => new TensorType(declared[i].Type!.ElementType, Symbolics.Shape.Unranked),
            _ => output.Value.Type,
        })];
    }
}
