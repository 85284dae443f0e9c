using System.Diagnostics;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Finds out how many multiply-adds the processor does at best: a loop of independent ones on registers alone, on all workers at once.</summary>
internal sealed unsafe class PeakProbe
{
    // Fourteen chains cover a latency of 6 at two per cycle; with the factor they fit into the sixteen registers of AVX2.
    private const int Chains = 14, Trips = 60_000;

    private readonly nint _entry;

    private PeakProbe(nint entry) => _entry = entry;

    /// <summary>Float32 operations per second (a multiply-add is two), the best of many short runs; null if no code can be placed.</summary>
    public static double? Measure(GeneratorTarget target, WorkerPool pool)
    {
        if (CodeArena.Create([target.Compile(nameof(PeakProbe), () => Program(target.Lanes))]) is not CodeArenaResult.Placed placed)
        {
            return null;
        }

        using CodeArena arena = placed.Arena;
        PeakProbe probe = new(arena.EntryOf(0));
        double best = 0;
        long start = Stopwatch.GetTimestamp();
        // Long enough for the clock frequency to settle, and for one run that nothing disturbs.
        for (int round = 0; round < 50 || Stopwatch.GetElapsedTime(start).TotalMilliseconds < 100; round++)
        {
            long before = Stopwatch.GetTimestamp();
            SharedParts.Run(pool, pool.Workers, probe.Run);
            best = Math.Max(best, 2.0 * Trips * Chains * target.Lanes * pool.Workers / Stopwatch.GetElapsedTime(before).TotalSeconds);
        }

        return best;
    }

    // Safe: the code was compiled for this processor, takes one number and touches no memory.
    private void Run(int part) => ((delegate* unmanaged<long, void>)_entry)(Trips);

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
