using System.Diagnostics;
using Peregrine.Cli.Inputs;

namespace Peregrine.Cli.Benchmarking;

/// <summary>How long to measure.</summary>
/// <param name="Iterations">Least calls per stream.</param>
/// <param name="Duration">Least time.</param>
/// <param name="Warmup">Time of calls that don't count; the first call never counts.</param>
internal sealed record BenchmarkLength(int Iterations, TimeSpan Duration, TimeSpan Warmup);

/// <summary>Measures calls of an engine, on one stream or on several at the same time.</summary>
internal sealed class Benchmark(Engine engine, InputRequest request, BenchmarkLength length)
{
    private const int LayerRuns = 10;

    /// <summary>Milliseconds of the first call.</summary>
    public double FirstRun { get; private set; }

    public LatencyReport Latency { get; private set; } = new(0, 0, 0, 0, 0);

    /// <summary>Calls per second of all streams.</summary>
    public double Throughput { get; private set; }

    /// <summary>Bytes of the arenas of all streams.</summary>
    public long ArenaBytes { get; private set; }

    /// <summary>Of one stream: the planned peak, and the least that any plan needs.</summary>
    public (long Peak, long Least) Planned { get; private set; }

    public IReadOnlyList<LayerTime> Layers { get; private set; } = [];

    /// <summary>What further calls did to memory; null if nobody asked.</summary>
    public MemoryReport? Memory { get; private set; }

    /// <param name="layers">Whether to time each layer, in further calls of their own, as watching slows a call down.</param>
    /// <param name="memory">Whether to make as many calls again on one stream and to watch memory.</param>
    public void Run(int streams, bool layers, bool memory, CancellationToken cancellation)
    {
        InferenceContext[] contexts = new InferenceContext[streams];
        try
        {
            CallerBuffers[] callers = new CallerBuffers[streams];
            for (int i = 0; i < streams; i++)
            {
                contexts[i] = engine.CreateContext();
                callers[i] = new(contexts[i], request, i);
            }

            callers[0].ChangeInputs();
            FirstRun = Time(callers[0], cancellation);
            Measure(callers, length.Warmup, 1, cancellation);
            long start = Stopwatch.GetTimestamp();
            double[] latencies = Measure(callers, length.Duration, length.Iterations, cancellation);
            Throughput = latencies.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            Latency = LatencyReport.Of(latencies);
            ArenaBytes = contexts.Sum(c => c.ArenaBytes);
            Planned = (contexts[0].PlannedPeakBytes, contexts[0].PlannedLowerBoundBytes);
            if (memory)
            {
                WatchMemory(callers[0], latencies.Length, cancellation);
            }

            if (layers)
            {
                TimeLayers(contexts[0], callers[0], cancellation);
            }
        }
        finally
        {
            foreach (InferenceContext? context in contexts)
            {
                context?.Dispose();
            }
        }
    }

    /// <summary>Has all streams call at the same time; returns every latency in milliseconds.</summary>
    private static double[] Measure(CallerBuffers[] callers, TimeSpan duration, int iterations, CancellationToken cancellation)
    {
        List<double>[] latencies = [.. callers.Select(_ => new List<double>())];
        if (callers.Length == 1)
        {
            Call(0);
        }
        else
        {
            Task[] tasks = [.. callers.Select((_, i) => Task.Factory.StartNew(() => Call(i), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            // Waits for all, and throws what a call threw and not a bundle of it.
            Task.WhenAll(tasks).GetAwaiter().GetResult();
        }

        return [.. latencies.SelectMany(l => l)];

        void Call(int stream)
        {
            long start = Stopwatch.GetTimestamp();
            do
            {
                cancellation.ThrowIfCancellationRequested();
                callers[stream].ChangeInputs();
                latencies[stream].Add(Time(callers[stream], cancellation));
            }
            while (latencies[stream].Count < iterations || Stopwatch.GetElapsedTime(start) < duration);
        }
    }

    private static double Time(CallerBuffers caller, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        caller.Call(cancellation);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private void WatchMemory(CallerBuffers caller, int calls, CancellationToken cancellation)
    {
        // What was left by building and by earlier calls is not to be seen as returned by these.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long resident = Environment.WorkingSet, allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < calls; i++)
        {
            caller.ChangeInputs();
            caller.Call(cancellation);
        }

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Memory = new(calls, (double)allocated / calls, resident, Environment.WorkingSet);
    }

    private void TimeLayers(InferenceContext context, CallerBuffers caller, CancellationToken cancellation)
    {
        LayerTimer timer = new();
        context.Observer = timer;
        for (int i = 0; i < LayerRuns; i++)
        {
            caller.ChangeInputs();
            caller.Call(cancellation);
        }

        context.Observer = null;
        Layers = timer.Collect(engine.Content.Plan, LayerRuns);
    }
}
