using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Workers;

/// <summary>How the threads of a pool share the tiles of a plan.</summary>
public sealed class CpuStreamTests
{
    private const int Steps = 12;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    [InlineData(4, 3)]
    public async Task Every_tile_runs_once_and_after_the_phase_before_it(int workers, int callers)
    {
        using CpuBackend backend = new(workers);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                Account account = new();
                // More and fewer tiles than workers, and phases without any.
                CountingKernel[] kernels = [.. Enumerable.Range(0, Steps).Select(i => new CountingKernel(account, [1 + (i * 7 % 30), i % 3 == 0 ? 0 : 2, 64]))];
                Plan plan = PlanOf(kernels.Length);
                SlotTable slots = new(plan);
                using IDeviceProgram program = backend.Prepare(new(plan, 0, kernels.Length), kernels, []);
                using IStream stream = backend.CreateStream();
                for (int run = 1; run <= 60; run++)
                {
                    account.Reset();
                    program.Enqueue(slots, 0, kernels.Length, stream);
                    stream.Synchronize();
                    Assert.Equal("", account.Complaint);
                    Assert.All(kernels, k => Assert.All(k.Runs.SelectMany(r => r), count => Assert.Equal(run, count)));
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_failure_ends_the_run_and_leaves_the_stream_usable(int workers)
    {
        using CpuBackend backend = new(workers);
        Account account = new();
        CountingKernel first = new(account, [16]) { FailsAt = 5 }, second = new(account, [16]);
        Plan plan = PlanOf(2);
        SlotTable slots = new(plan);
        using IDeviceProgram program = backend.Prepare(new(plan, 0, 2), [first, second], []);
        using IStream stream = backend.CreateStream();
        for (int run = 0; run < 20; run++)
        {
            account.Reset();
            Assert.Equal("tile 5", Assert.Throws<InvalidOperationException>(() => program.Enqueue(slots, 0, 2, stream)).Message);
            Assert.All(second.Runs[0], count => Assert.Equal(0, count));
        }

        first.FailsAt = -1;
        account.Reset();
        program.Enqueue(slots, 0, 2, stream);
        Assert.Equal("", account.Complaint);
        Assert.All(second.Runs[0], count => Assert.Equal(1, count));
    }

    private static Plan PlanOf(int steps) =>
        new("test", [], [], [], [.. Enumerable.Range(0, steps).Select(i => new KernelStep($"step {i}", [], [], [], new Identity(), new KernelRequest(null, [], []), new TacticId("counting", 1), TacticOption.Default))], new([], [], [], [], []), []);

    /// <summary>What all tiles of a run have in common: how many must be done before a phase may begin.</summary>
    private sealed class Account
    {
        private int _done;
        private string _complaint = "";

        public string Complaint => Volatile.Read(ref _complaint);

        /// <summary>Tiles of all phases that were opened, the open one left out.</summary>
        public int Before { get; private set; }

        public int Opened { get; private set; }

        public void Reset() => (_done, Before, Opened, _complaint) = (0, 0, 0, "");

        public void Open(int tiles) => (Before, Opened) = (Opened, Opened + tiles);

        public void Begin()
        {
            if (Volatile.Read(ref _done) < Before)
            {
                Volatile.Write(ref _complaint, "a tile began before all of the phase before it were done");
            }
        }

        public void End() => Interlocked.Increment(ref _done);
    }

    private sealed class CountingKernel(Account account, int[] tilesOfPhases) : ICpuKernel
    {
        public int[][] Runs { get; } = [.. tilesOfPhases.Select(t => new int[t])];

        public int FailsAt { get; set; } = -1;

        public int PhaseCount => tilesOfPhases.Length;

        public int TileCount(in KernelArguments arguments, int phase)
        {
            account.Open(tilesOfPhases[phase]);
            return tilesOfPhases[phase];
        }

        public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
        {
            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                account.Begin();
                Interlocked.Increment(ref Runs[phase][tile]);
                // Long enough that sleeping threads come in time.
                Thread.SpinWait(300);
                if (tile == FailsAt)
                {
                    throw new InvalidOperationException($"tile {tile}");
                }

                account.End();
            }
        }
    }
}
