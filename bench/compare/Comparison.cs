using System.Diagnostics;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;
using OrtPeer = Peregrine.TestKit.OnnxRuntime.OnnxRuntimePeer;

namespace Peregrine.Bench.Compare;

/// <summary>Runs one model in both runtimes.</summary>
internal sealed class Comparison(OrtPeer peer, CompareOptions options)
{
    public CompareResult Run(CompareModel model, int threads)
    {
        (Dictionary<string, Tensor> first, Dictionary<string, Tensor> second) = model.Inputs();
        (first, second) = (CompareModel.Repeated(first, options.Batch), CompareModel.Repeated(second, options.Batch));
        using OnnxRuntimeSession session = peer.Load(model.Path, threads);
        long start = Stopwatch.GetTimestamp();
        EngineBuilder builder = new EngineBuilder().UseCpu(cpu => cpu.Threads = threads).Level(options.Level);
        if (options.Workspace is { } workspace)
        {
            builder.Workspace(workspace);
        }

        foreach ((string name, Tensor input) in options.Dynamic ? [] : first)
        {
            builder.Shape(name, input.Dims);
        }

        using Engine engine = builder.Build(OnnxModel.Load(model.Path));
        double buildMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        using InferenceContext context = engine.CreateContext();

        IReadOnlyDictionary<string, Tensor> expected = session.Run(first);
        Dictionary<string, Memory<byte>> buffers = [];
        double firstRun = RunOnce(engine, context, first, buffers);
        CompareResult result = new(model.Name, threads)
        {
            BuildMilliseconds = buildMilliseconds,
            OrtNoise = options.Noise ? Noise(model, threads, first, expected) : null,
            Outputs = [.. engine.Outputs.Select(o => OutputDeviation.Of(o.Name, expected[o.Name], (Tensor)context.OutputValue(o.Name)))],
        };
        return options.CheckOnly ? result with { OursMilliseconds = firstRun, OrtMilliseconds = session.LastRunMilliseconds, OursAfterPause = firstRun, OrtAfterPause = session.LastRunMilliseconds, Iterations = 1 } : Time(result, session, engine, context, first, second, buffers);
    }

    private CompareResult Time(CompareResult result, OnnxRuntimeSession session, Engine engine, InferenceContext context, Dictionary<string, Tensor> first, Dictionary<string, Tensor> second, Dictionary<string, Memory<byte>> buffers)
    {
        session.PrepareTiming(first, second);
        session.TimeNext(iterations: 1, warmUp: 1);
        // A server that is busy makes call after call, one that is not makes one after a pause, whose threads have to wake up and whose weights have left the caches. Each turn measures both: a row of
        // calls behind a pause, whose first one tells the latter and whose later ones, the first quarter left out, tell the former.
        const double RowMilliseconds = 30;
        const int FewestCalls = 4, MostCalls = 80, PauseMilliseconds = 30;
        int calls = (int)Math.Clamp(Math.Ceiling(RowMilliseconds / session.TimeNext()[0]), FewestCalls, MostCalls), settling = calls / 4;
        // Half a second of calls on either side: until then the runtime runs code that it has compiled in a hurry.
        const double WarmUpSeconds = 0.5;
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds;)
        {
            RunOnce(engine, context, first, buffers);
        }

        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds;)
        {
            session.TimeNext(calls);
        }

        List<double[]> ours = [], theirs = [];
        long start = Stopwatch.GetTimestamp();
        while (ours.Count < options.Iterations && (ours.Count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < options.BudgetSeconds))
        {
            // ONNX Runtime's threads go on polling for work for a while; they would take the processors that ours need. Ours park after a few microseconds, but both sides begin after the same pause.
            Thread.Sleep(PauseMilliseconds);
            theirs.Add(session.TimeNext(calls));
            Thread.Sleep(PauseMilliseconds);
            double[] row = new double[calls];
            for (int call = 0; call < calls; call++)
            {
                row[call] = RunOnce(engine, context, (ours.Count + call) % 2 == 0 ? first : second, buffers);
            }

            ours.Add(row);
        }

        return result with
        {
            OursMilliseconds = Settled(ours),
            OrtMilliseconds = Settled(theirs),
            OursAfterPause = Median(ours.Select(row => row[0])),
            OrtAfterPause = Median(theirs.Select(row => row[0])),
            Iterations = ours.Count,
        };

        double Settled(List<double[]> rows) => Median(rows.Select(row => Median(row.Skip(settling))));
    }

    /// <summary>The largest deviation of ONNX Runtime without optimizations from itself with them.</summary>
    private double Noise(CompareModel model, int threads, Dictionary<string, Tensor> inputs, IReadOnlyDictionary<string, Tensor> expected)
    {
        using OnnxRuntimeSession session = peer.Load(model.Path, threads, OnnxRuntimeOptimization.None);
        return session.Run(inputs).Max(o => OutputDeviation.Of(o.Key, expected[o.Key], o.Value).Relative);
    }

    /// <summary>From the caller's input buffers to the caller's output buffers.</summary>
    private static double RunOnce(Engine engine, InferenceContext context, Dictionary<string, Tensor> inputs, Dictionary<string, Memory<byte>> buffers)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (EngineBinding input in engine.Inputs)
        {
            context.BindInput(input.Name, inputs[input.Name]);
        }

        context.Run();
        foreach (EngineBinding output in engine.Outputs)
        {
            if (context.OutputValue(output.Name) is Tensor { Type: not DataType.String } tensor)
            {
                if (!buffers.TryGetValue(output.Name, out Memory<byte> buffer) || buffer.Length < tensor.Data.Length)
                {
                    buffers[output.Name] = buffer = new byte[tensor.Data.Length];
                }

                tensor.Data.CopyTo(buffer);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>How far an output is from ONNX Runtime's.</summary>
/// <param name="MaxDifference">Largest |difference| of an element; infinite where type or shape differ, or only one element of a pair is finite.</param>
/// <param name="Scale">The standard deviation of ONNX Runtime's output; its largest magnitude where all elements are equal, 1 where they are all 0.</param>
internal sealed record OutputDeviation(string Name, string Type, double MaxDifference, double Scale)
{
    /// <summary>What is allowed.</summary>
    public const double Limit = 1e-3;

    public double Relative => MaxDifference / Scale;

    /// <summary>NaN is not good.</summary>
    public bool IsGood => Relative <= Limit;

    public static OutputDeviation Of(string name, Tensor expected, Tensor actual)
    {
        TensorComparison comparison = TensorComparison.Compare(expected, actual, new(0, double.MaxValue));
        double[] values = [.. TensorElements.ToDoubles(expected).Where(double.IsFinite)];
        double mean = values.Length == 0 ? 0 : values.Average();
        double deviation = values.Length == 0 ? 0 : Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        double magnitude = values.Select(Math.Abs).DefaultIfEmpty().Max();
        return new(name, actual.ToString(), comparison.MaxAbsolute, deviation > 0 ? deviation : magnitude > 0 ? magnitude : 1);
    }
}
