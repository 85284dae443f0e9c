using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Execution;

namespace Peregrine.Backends.Cpu.Tests.Workers;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void The_partition_covers_every_tile_once(int tiles)
    {
        foreach (int workers in (int[])[1, 2, 3, 7, 64])
        {
            int next = 0;
            for (int worker = 0; worker < workers; worker++)
            {
                TileRange range = TileRange.Of(tiles, worker, workers);
                Assert.Equal(next, range.Begin);
                Assert.InRange(range.End - (long)range.Begin, tiles / workers, tiles / workers + 1L);
                next = range.End;
            }

            Assert.Equal(tiles, next);
        }
    }

    // Each step reads what all others wrote in the step before: a barrier that lets one pass early gives a wrong sum.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, WorkerPool.DefaultSpins)]
    [InlineData(4, WorkerPool.DefaultSpins)]
    [InlineData(4, 0)]
    [InlineData(7, 10)]
    public void Workers_meet_at_every_barrier(int workers, int spins)
    {
        using WorkerPool pool = new(workers, new WorkerArbiter(workers), spins);
        PrefixBody body = new(steps: 50);
        for (int run = 0; run < 40; run++)
        {
            pool.Run(body);
            Assert.Equal(workers, body.Team);
            Assert.False(body.WasWrong);
        }
    }

    [Theory]
    [InlineData(WorkerPool.DefaultSpins)]
    [InlineData(0)]
    public void A_failure_reaches_the_caller_and_frees_the_others(int spins)
    {
        using WorkerPool pool = new(4, new WorkerArbiter(4), spins);
        for (int run = 0; run < 200; run++)
        {
            FailingBody failing = new(failingWorker: run % 4, failingStep: run % 5);
            Assert.Equal($"worker {run % 4}", Assert.Throws<InvalidDataException>(() => pool.Run(failing)).Message);
            PrefixBody sound = new(steps: 5);
            pool.Run(sound);
            Assert.Equal(4, sound.Team);
            Assert.False(sound.WasWrong);
        }
    }

    [Fact]
    public void When_all_fail_one_failure_is_thrown()
    {
        using WorkerPool pool = new(4, new WorkerArbiter(4));
        Assert.Throws<InvalidDataException>(() => pool.Run(new FailingBody(failingWorker: -1, failingStep: 0)));
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using WorkerPool pool = new(3, new WorkerArbiter(3), spins: 50);
        PrefixBody body = new(steps: 20);
        for (int run = 0; run < 200; run++)
        {
            pool.Run(body);
        }

        long own = GC.GetAllocatedBytesForCurrentThread();
        body.AllocatedByHelpers = 0;
        for (int run = 0; run < 200; run++)
        {
            pool.Run(body);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - own);
        Assert.Equal(0, body.AllocatedByHelpers);
    }

    [Fact]
    public async Task Callers_share_the_workers_and_all_come_through()
    {
        WorkerArbiter arbiter = new(4);
        using WorkerPool pool = new(4, arbiter, spins: 20);
        int mistakes = 0;
        Task[] callers = [.. Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(
            () =>
            {
                PrefixBody body = new(steps: 10);
                for (int run = 0; run < 200; run++)
                {
                    pool.Run(body);
                    if (body.WasWrong || body.Team is < 1 or > 4)
                    {
                        Interlocked.Increment(ref mistakes);
                    }
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await Task.WhenAll(callers);
        Assert.Equal(0, mistakes);
        Assert.Equal(4, arbiter.Free);
        PrefixBody last = new(steps: 1);
        pool.Run(last);
        Assert.Equal(4, last.Team);
        pool.Run(last, maximumWorkers: 2);
        Assert.Equal(2, last.Team);
    }

    [Fact]
    public void A_run_within_a_run_gets_what_is_left()
    {
        using WorkerPool pool = new(2, new WorkerArbiter(2));
        NestedBody body = new(pool);
        pool.Run(body);
        Assert.Equal(2, body.InnerRuns);
    }

    [Fact]
    public void Disposal_ends_the_threads_and_later_runs_are_refused()
    {
        WorkerPool pool = new(4, new WorkerArbiter(4));
        pool.Run(new PrefixBody(steps: 2));
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new PrefixBody(steps: 2)));
    }

    [Fact]
    public void The_arbiter_never_grants_more_than_there_is_except_to_callers()
    {
        WorkerArbiter arbiter = new(4);
        using (WorkerLease three = arbiter.Lease(3))
        using (WorkerLease rest = arbiter.Lease(3))
        using (WorkerLease alone = arbiter.Lease(3))
        {
            Assert.Equal((3, 1, 1), (three.Workers, rest.Workers, alone.Workers));
            Assert.Equal(-1, arbiter.Free);
        }

        Assert.Equal(4, arbiter.Free);
        Assert.Throws<ArgumentOutOfRangeException>(() => arbiter.Lease(0));
        Assert.Same(WorkerArbiter.Shared(3), WorkerArbiter.Shared(5));
    }

    private sealed class PrefixBody(int steps) : ISpmdBody
    {
        private readonly long[][] _values = [new long[64], new long[64]];

        [ThreadStatic]
        private static long _allocatedBefore;

        private long _allocatedByHelpers;

        public int Team { get; private set; }

        public bool WasWrong { get; private set; }

        public long AllocatedByHelpers
        {
            get => Interlocked.Read(ref _allocatedByHelpers);
            set => _allocatedByHelpers = value;
        }

        public void Run(int worker, int workerCount, SpinBarrier barrier)
        {
            if (worker == 0)
            {
                Team = workerCount;
            }

            _values[0][worker] = 1;
            barrier.SignalAndWait();
            for (int step = 0; step < steps; step++)
            {
                long sum = 0;
                for (int other = 0; other < workerCount; other++)
                {
                    sum += _values[step & 1][other];
                }

                // All hold the same value, so each step multiplies it by the number of workers (modulo a prime).
                _values[(step + 1) & 1][worker] = sum % 1_000_003;
                barrier.SignalAndWait();
            }

            long expected = 1;
            for (int step = 0; step < steps; step++)
            {
                expected = expected * workerCount % 1_000_003;
            }

            if (_values[steps & 1][worker] != expected)
            {
                WasWrong = true;
            }

            if (worker != 0)
            {
                // Since this thread was here last: what it does between two runs counts as well.
                long allocated = GC.GetAllocatedBytesForCurrentThread();
                Interlocked.Add(ref _allocatedByHelpers, allocated - _allocatedBefore);
                _allocatedBefore = allocated;
            }
        }
    }

    private sealed class FailingBody(int failingWorker, int failingStep) : ISpmdBody
    {
        public void Run(int worker, int workerCount, SpinBarrier barrier)
        {
            for (int step = 0; step < 6; step++)
            {
                if (step == failingStep && (worker == failingWorker || failingWorker < 0))
                {
                    throw new InvalidDataException($"worker {worker}");
                }

                if (!barrier.SignalAndWait())
                {
                    return;
                }
            }
        }
    }

    private sealed class NestedBody(WorkerPool pool) : ISpmdBody
    {
        private int _innerRuns;

        public int InnerRuns => _innerRuns;

        public void Run(int worker, int workerCount, SpinBarrier barrier)
        {
            PrefixBody inner = new(steps: 3);
            pool.Run(inner);
            Interlocked.Increment(ref _innerRuns);
            barrier.SignalAndWait();
        }
    }
}
