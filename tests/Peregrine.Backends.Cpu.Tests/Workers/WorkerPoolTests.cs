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

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, WorkerPool.DefaultSpins)]
    [InlineData(4, WorkerPool.DefaultSpins)]
    [InlineData(4, 0)]
    [InlineData(7, 10)]
    public void Every_part_runs_once_and_is_over_when_the_caller_goes_on(int workers, int spins)
    {
        using WorkerPool pool = new(workers, new WorkerArbiter(workers), spins);
        for (int run = 0; run < 300; run++)
        {
            int[] runs = new int[run % 23];
            SharedParts.Run(pool, runs.Length, part =>
            {
                Thread.SpinWait(20 * (part % 5));
                Interlocked.Increment(ref runs[part]);
            });
            Assert.All(runs, r => Assert.Equal(1, r));
        }
    }

    [Fact]
    public void Idle_threads_help()
    {
        using WorkerPool pool = new(2, new WorkerArbiter(2));
        using Barrier both = new(2);
        // Neither part can end before the other has begun.
        SharedParts.Run(pool, 2, _ => Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData(WorkerPool.DefaultSpins)]
    [InlineData(0)]
    public void A_failure_reaches_the_caller_and_the_next_run_is_sound(int spins)
    {
        using WorkerPool pool = new(4, new WorkerArbiter(4), spins);
        for (int run = 0; run < 200; run++)
        {
            int failing = run % 5;
            Assert.Equal($"part {failing}", Assert.Throws<InvalidDataException>(() => SharedParts.Run(pool, 5, part => ThrowIf(part == failing, part))).Message);
            int done = 0;
            SharedParts.Run(pool, 5, _ => Interlocked.Increment(ref done));
            Assert.Equal(5, done);
        }

        Assert.Throws<InvalidDataException>(() => SharedParts.Run(pool, 4, part => ThrowIf(true, part)));

        static void ThrowIf(bool condition, int part)
        {
            if (condition)
            {
                throw new InvalidDataException($"part {part}");
            }
        }
    }

    [Fact]
    public async Task Callers_share_the_workers_and_all_come_through()
    {
        WorkerArbiter arbiter = new(4);
        using WorkerPool pool = new(4, arbiter, spins: 20);
        int done = 0;
        Task[] callers = [.. Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int run = 0; run < 200; run++)
                {
                    // A run within a run gets what is left.
                    SharedParts.Run(pool, 3, _ => SharedParts.Run(pool, 2, _ => Interlocked.Increment(ref done)));
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await Task.WhenAll(callers);
        Assert.Equal(6 * 200 * 3 * 2, done);
        Assert.Equal(4, arbiter.Free);
    }

    [Fact]
    public void A_pool_that_is_gone_sends_nobody()
    {
        WorkerPool pool = new(4, new WorkerArbiter(4));
        pool.Dispose();
        pool.Dispose();
        int thread = Environment.CurrentManagedThreadId, done = 0;
        SharedParts.Run(pool, 8, _ => done += Environment.CurrentManagedThreadId == thread ? 1 : 0);
        Assert.Equal(8, done);
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
}
