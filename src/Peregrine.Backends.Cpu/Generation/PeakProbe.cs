using System.Diagnostics;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Finds out how many multiply-adds the processor does at best: a loop of independent ones on registers alone, on all workers at once.</summary>
internal sealed unsafe class PeakProbe
{
    // Fourteen chains cover a latency of 6 at two per cycle; with the factor they fit into the sixteen registers of AVX2.
    private const int Chains = 14, FirstTrips = 60_000, LeastRuns = 20;

    private readonly nint _entry;
    private readonly WorkerPool _pool;
    private long _trips;

    private PeakProbe(nint entry, WorkerPool pool) => (_entry, _pool) = (entry, pool);

    /// <summary>Float32 operations per second (a multiply-add is two), the lower quartile of runs that take about as long as is said, a tenth of a second in all or more; null if no code can be placed.</summary>
    public static double? Measure(GeneratorTarget target, WorkerPool pool, TimeSpan run)
    {
        if (CodeArena.Create([target.Compile(nameof(PeakProbe), () => Program(target.Lanes))]) is not CodeArenaResult.Placed placed)
        {
            return null;
        }

        using CodeArena arena = placed.Arena;
        PeakProbe probe = new(arena.EntryOf(0), pool);
        // Long enough for the clock frequency to settle.
        for (int i = 0; i < LeastRuns; i++)
        {
            probe.Seconds(FirstTrips);
        }

        long trips = Math.Max(FirstTrips, (long)(FirstTrips * run.TotalSeconds / probe.Seconds(FirstTrips)));
        List<double> runs = [];
        for (long start = Stopwatch.GetTimestamp(); runs.Count < LeastRuns || Stopwatch.GetElapsedTime(start).TotalMilliseconds < 100;)
        {
            runs.Add(probe.Seconds(trips));
        }

        return 2.0 * trips * Chains * target.Lanes * pool.Workers / runs.Order().ElementAt((runs.Count - 1) / 4);
    }

    private double Seconds(long trips)
    {
        _trips = trips;
        long start = Stopwatch.GetTimestamp();
        SharedParts.Run(_pool, _pool.Workers, Run);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // Safe: the code was compiled for this processor, takes one number and touches no memory.
    private void Run(int part) => ((delegate* unmanaged<long, void>)_entry)(_trips);

    private static KernelProgram Program(int lanes)
    {
        KernelBuilder p = new("peak", lanes);
        VReg count = p.Argument("count", ArgumentKind.Integer);
        VReg[] sums = [.. Enumerable.Range(0, Chains).Select(_ => p.Zero())];
        VReg factor = p.Zero();
        p.Loop(count, 1, () =>
        {
            foreach (VReg sum in sums)
            {
                p.Fma(sum, factor, factor);
            }
        });
        return p.Build();
    }
}
