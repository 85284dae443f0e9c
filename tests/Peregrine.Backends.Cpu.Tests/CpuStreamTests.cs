using Peregrine.Backends.Cpu.Workers;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests;

public sealed class CpuStreamTests
{
    // Steps of very different sizes, with idle ones among them; more workers than processors, so that threads are late, early and interrupted everywhere.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_tile_runs_once_and_steps_keep_their_order(int workers)
    {
        using WorkerPool pool = new(workers, new WorkerArbiter(workers), spins: 30);
        using CpuStream stream = new(pool);
        Random random = new(7);
        for (int network = 0; network < 40; network++)
        {
            Log log = new();
            int[][] sizes = [.. Enumerable.Range(0, 1 + random.Next(6)).Select(_ => Enumerable.Range(0, 1 + random.Next(3)).Select(_ => random.Next(4) == 0 ? random.Next(2) : random.Next(40)).ToArray())];
            using CpuProgram program = Program([.. sizes.Select(s => new CountingKernel(s, log, random.Next(200)))], pool, out SlotTable slots);
            for (int run = 0; run < 60; run++)
            {
                log.Begin(sizes);
                stream.Run(program, slots, 0, sizes.Length);
                Assert.Equal("", log.Finding);
                Assert.True(log.IsComplete);
            }
        }
    }

    [Fact]
    public void What_a_kernel_throws_reaches_the_caller_and_the_next_run_is_sound()
    {
        using WorkerPool pool = new(3, new WorkerArbiter(3), spins: 30);
        using CpuStream stream = new(pool);
        Log log = new();
        int[][] sizes = [[20], [20], [20]];
        CountingKernel failing = new(sizes[1], log, 50);
        using CpuProgram program = Program([new CountingKernel(sizes[0], log, 50), failing, new CountingKernel(sizes[2], log, 50)], pool, out SlotTable slots);
        for (int run = 0; run < 300; run++)
        {
            failing.FailsAt = run % 2 == 0 ? run % 20 : -1;
            log.Begin(sizes);
            if (run % 2 == 0)
            {
                Assert.Throws<InvalidDataException>(() => stream.Run(program, slots, 0, 3));
                Assert.Equal(0, log.Ran(2, 0));
            }
            else
            {
                stream.Run(program, slots, 0, 3);
                Assert.True(log.IsComplete);
            }

            Assert.Equal("", log.Finding);
        }
    }

    private static CpuProgram Program(CountingKernel[] kernels, WorkerPool pool, out SlotTable slots)
    {
        Step[] steps = [.. kernels.Select((k, i) => { k.Step = i; return new KernelStep($"step {i}", [], [], [], new Identity(), new KernelRequest(null, [], []), new("test", 1), TacticOption.Default); })];
        Plan plan = new("plan", [], [], [], steps, new ShapeProgram([], [], Ints.Empty, Ints.Empty, []), []);
        slots = new(plan);
        return new(new(plan, 0, steps.Length), kernels, [], [], pool);
    }

    /// <summary>Which tiles have run.</summary>
    private sealed class Log
    {
        private int[][] _sizes = [];
        private int[][][] _runs = [];

        public string Finding { get; private set; } = "";

        public bool IsComplete => _runs.All(s => s.All(p => p.All(t => t == 1)));

        public void Begin(int[][] sizes)
        {
            _sizes = sizes;
            _runs = [.. sizes.Select(s => s.Select(size => new int[size]).ToArray())];
        }

        public int Ran(int step, int phase) => _runs[step][phase].Sum();

        public void Add(int step, int phase, int tile)
        {
            if (Interlocked.Increment(ref _runs[step][phase][tile]) != 1)
            {
                Finding = $"tile {tile} of step {step}, phase {phase} ran twice";
            }

            for (int s = 0; s <= step; s++)
            {
                for (int p = 0; p < (s < step ? _sizes[s].Length : phase); p++)
                {
                    if (_runs[s][p].Any(t => t != 1))
                    {
                        Finding = $"step {step}, phase {phase} began before step {s}, phase {p} was over";
                    }
                }
            }
        }
    }

    private sealed class CountingKernel(int[] sizes, Log log, int work) : ICpuKernel
    {
        public int Step { get; set; }

        public int FailsAt { get; set; } = -1;

        public int PhaseCount => sizes.Length;

        public int TileCount(in KernelArguments arguments, int phase) => sizes[phase];

        public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
        {
            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                Thread.SpinWait(work * (tile % 3));
                log.Add(Step, phase, tile);
                if (tile == FailsAt)
                {
                    throw new InvalidDataException("tile");
                }
            }
        }
    }
}
