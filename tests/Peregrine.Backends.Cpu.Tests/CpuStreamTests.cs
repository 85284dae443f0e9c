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
    // What a run allocates, each of them does. The round that allocates least counts, because the first to come upon a rare path also loads classes for the whole process.
    private const int Rounds = 5;

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
                stream.Run(program, slots, 0, sizes.Length, CancellationToken.None);
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
                Assert.Throws<InvalidDataException>(() => stream.Run(program, slots, 0, 3, CancellationToken.None));
                Assert.Equal(0, log.Ran(2, 0));
            }
            else
            {
                stream.Run(program, slots, 0, 3, CancellationToken.None);
                Assert.True(log.IsComplete);
            }

            Assert.Equal("", log.Finding);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_cancelled_run_ends_after_a_step_and_the_next_one_is_sound(int workers)
    {
        using WorkerPool pool = new(workers, new WorkerArbiter(workers), spins: 30);
        using CpuStream stream = new(pool);
        Log log = new();
        int[][] sizes = [[20], [20, 20], [20]];
        CountingKernel cancelling = new(sizes[1], log, 50);
        using CpuProgram program = Program([new CountingKernel(sizes[0], log, 50), cancelling, new CountingKernel(sizes[2], log, 50)], pool, out SlotTable slots);
        for (int run = 0; run < 100; run++)
        {
            using CancellationTokenSource cancellation = new();
            cancelling.Running = tile => CancelAt(cancellation, tile == run % 20);
            log.Begin(sizes);
            Assert.Equal(cancellation.Token, Assert.Throws<OperationCanceledException>(() => stream.Run(program, slots, 0, 3, cancellation.Token)).CancellationToken);
            // The step in which it happened is finished, with all its phases.
            Assert.Equal((20, 20, 20, 0), (log.Ran(0, 0), log.Ran(1, 0), log.Ran(1, 1), log.Ran(2, 0)));

            cancelling.Running = null;
            using CancellationTokenSource unused = new();
            log.Begin(sizes);
            stream.Run(program, slots, 0, 3, unused.Token);
            Assert.Equal("", log.Finding);
            Assert.True(log.IsComplete);
        }

        static void CancelAt(CancellationTokenSource cancellation, bool now)
        {
            if (now)
            {
                cancellation.Cancel();
            }
        }
    }

    // What a worker notes is there at its next tiles of the same phase, and never in another phase, step or run.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Notes_last_for_a_phase(int workers)
    {
        using WorkerPool pool = new(workers, new WorkerArbiter(workers), spins: 30);
        using CpuStream stream = new(pool);
        Log log = new();
        int[][] sizes = [[40], [30, 35], [40]];
        CountingKernel[] kernels = [.. sizes.Select(s => new CountingKernel(s, log, 30) { Notes = true })];
        using CpuProgram program = Program(kernels, pool, out SlotTable slots);
        for (int run = 0; run < 200; run++)
        {
            log.Begin(sizes);
            stream.Run(program, slots, 0, 3, CancellationToken.None);
            Assert.Equal("", log.Finding);
            Assert.True(log.IsComplete);
        }
    }

    [Fact]
    public void A_run_allocates_nothing_on_any_thread()
    {
        using WorkerPool pool = new(3, new WorkerArbiter(3), spins: 50);
        using CpuStream stream = new(pool);
        SilentKernel[] kernels = [new(), new(), new()];
        using CpuProgram program = Program(kernels, pool, out SlotTable slots);
        using CancellationTokenSource cancellation = new();
        for (int run = 0; run < 200; run++)
        {
            stream.Run(program, slots, 0, 3, cancellation.Token);
        }

        long own = long.MaxValue, helpers = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            Array.ForEach(kernels, k => k.AllocatedByHelpers = 0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int run = 0; run < 200; run++)
            {
                stream.Run(program, slots, 0, 3, cancellation.Token);
            }

            own = Math.Min(own, GC.GetAllocatedBytesForCurrentThread() - before);
            helpers = Math.Min(helpers, kernels.Sum(k => k.AllocatedByHelpers));
        }

        Assert.Equal((0L, 0L), (own, helpers));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Steps_of_fewer_tiles_than_workers_lose_none(int workers)
    {
        // A step of one tile may be over before whoever opened it has gone on.
        using WorkerPool pool = new(workers, new WorkerArbiter(workers));
        using CpuStream stream = new(pool);
        FewTilesKernel[] kernels = [.. Enumerable.Range(0, 60).Select(i => new FewTilesKernel(i % 3 == 0 ? 1 : i % 3 == 1 ? workers - 1 : workers + 1))];
        using CpuProgram program = Program(kernels, pool, out SlotTable slots);
        for (int run = 1; run <= 3000; run++)
        {
            stream.Run(program, slots, 0, kernels.Length, CancellationToken.None);
            foreach (FewTilesKernel kernel in kernels)
            {
                Assert.Equal(run * (long)kernel.Tiles, kernel.Done);
            }
        }
    }

    [Fact]
    public async Task Callers_that_compete_for_threads_allocate_nothing()
    {
        using WorkerPool pool = new(3, new WorkerArbiter(12), spins: 0);
        using Barrier together = new(4);
        Task<long>[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using CpuStream stream = new(pool);
                using CpuProgram program = Program([new SilentKernel(), new SilentKernel()], pool, out SlotTable slots);
                stream.Run(program, slots, 0, 2, CancellationToken.None);
                together.SignalAndWait(CancellationToken.None);
                long least = long.MaxValue;
                for (int round = 0; round < Rounds; round++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    for (int run = 0; run < 200; run++)
                    {
                        stream.Run(program, slots, 0, 2, CancellationToken.None);
                    }

                    least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                }

                return least;
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Assert.All(await Task.WhenAll(callers), allocated => Assert.Equal(0, allocated));
    }

    private static CpuProgram Program(ICpuKernel[] kernels, WorkerPool pool, out SlotTable slots)
    {
        for (int i = 0; i < kernels.Length; i++)
        {
            if (kernels[i] is CountingKernel counting)
            {
                counting.Step = i;
            }
        }

        Step[] steps = [.. kernels.Select((_, i) => new KernelStep($"step {i}", [], [], [], new Identity(), new KernelRequest(null, [], []), new("test", 1), TacticOption.Default))];
        Plan plan = new("plan", [], [], [], steps, new ShapeProgram([], [], Ints.Empty, Ints.Empty, []), []);
        slots = new(plan);
        return new(new(plan, 0, steps.Length), kernels, [], [], pool);
    }

    /// <summary>Which tiles have run.</summary>
    private sealed class Log
    {
        private const int MostWorkers = 8;

        private int[][] _sizes = [];
        private int[][][] _runs = [];

        private int[][][] _notes = [];

        public string Finding { get; private set; } = "";

        public bool IsComplete => _runs.All(s => s.All(p => p.All(t => t == 1)));

        public void Begin(int[][] sizes)
        {
            _sizes = sizes;
            _runs = [.. sizes.Select(s => s.Select(size => new int[size]).ToArray())];
            _notes = [.. sizes.Select(s => s.Select(_ => new int[MostWorkers]).ToArray())];
        }

        /// <summary>What each worker noted last.</summary>
        public int[] Notes(int step, int phase) => _notes[step][phase];

        public void Find(string finding) => Finding = finding;

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

        /// <summary>Called with each tile.</summary>
        public Action<int>? Running { get; set; }

        /// <summary>Whether notes are kept and checked.</summary>
        public bool Notes { get; set; }

        public int PhaseCount => sizes.Length;

        public int TileCount(in KernelArguments arguments, int phase) => sizes[phase];

        public unsafe void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
        {
            if (Notes)
            {
                // Who was here before in this phase of this run, and nobody else.
                int[] before = log.Notes(Step, phase);
                if (*arguments.WorkerNote != before[worker])
                {
                    log.Find($"worker {worker} noted {before[worker]} in step {Step}, phase {phase} and found {*arguments.WorkerNote}");
                }

                *arguments.WorkerNote = before[worker] = 1000 + tiles.Begin;
            }

            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                Thread.SpinWait(work * (tile % 3));
                Running?.Invoke(tile);
                log.Add(Step, phase, tile);
                if (tile == FailsAt)
                {
                    throw new InvalidDataException("tile");
                }
            }
        }
    }

    private sealed class FewTilesKernel(int tiles) : ICpuKernel
    {
        private long _done;

        public int Tiles => tiles;

        public long Done => Interlocked.Read(ref _done);

        public int TileCount(in KernelArguments arguments, int phase) => tiles;

        public void Run(in KernelArguments arguments, int phase, TileRange range, int worker) => Interlocked.Add(ref _done, range.End - range.Begin);
    }

    private sealed class SilentKernel : ICpuKernel
    {
        [ThreadStatic]
        private static long _allocatedBefore;

        private long _allocatedByHelpers;

        public long AllocatedByHelpers
        {
            get => Interlocked.Read(ref _allocatedByHelpers);
            set => _allocatedByHelpers = value;
        }

        public int TileCount(in KernelArguments arguments, int phase) => 60;

        public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
        {
            Thread.SpinWait(200 * (tiles.End - tiles.Begin));
            if (worker > 0)
            {
                // Since this thread was here last: what it does between two runs counts as well.
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                Interlocked.Add(ref _allocatedByHelpers, _allocatedBefore == 0 ? 0 : allocated - _allocatedBefore);
                _allocatedBefore = allocated;
            }
        }
    }
}
