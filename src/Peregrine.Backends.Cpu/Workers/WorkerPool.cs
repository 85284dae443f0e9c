using Peregrine.Runtime.Execution;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// Long-lived threads that help whoever invites them. Several callers can do so at the same time: each gets idle threads, as many as the arbiter grants. Nobody waits for a thread that has not come, and
/// inviting allocates nothing.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Polls of a waiting thread before it parks, some ten microseconds: longer than the steps of a network are apart.</summary>
    public const int DefaultSpins = 2000;

    private readonly WorkerArbiter _arbiter;
    private readonly WorkerThread[] _threads;

    /// <param name="workers">The most workers of a caller, itself included; the pool has one thread less.</param>
    /// <param name="arbiter">Shares the processors with other pools of this process.</param>
    /// <param name="spins">Polls before a waiting thread parks; 0 parks at once.</param>
    public WorkerPool(int workers, WorkerArbiter arbiter, int spins = DefaultSpins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentNullException.ThrowIfNull(arbiter);
        ArgumentOutOfRangeException.ThrowIfNegative(spins);
        _arbiter = arbiter;
        // Alone on a processor, a spinning thread only keeps the other from working.
        int polls = Environment.ProcessorCount == 1 ? 0 : spins;
        _threads = new WorkerThread[workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new WorkerThread(i + 1, polls);
        }
    }

    /// <summary>The most workers of a caller, itself included.</summary>
    public int Workers => _threads.Length + 1;

    /// <summary>Sends up to so many idle threads to help, and does not wait for them: they may come late, or when there is nothing left to do.</summary>
    /// <returns>How many were sent.</returns>
    public int Invite(IHelper helper, int count)
    {
        ArgumentNullException.ThrowIfNull(helper);
        int sent = 0, processor = ThreadPlacement.CurrentProcessor();
        // The lowest numbers first: a thread that has just helped may still be awake. A pool that is gone has no idle threads.
        for (int i = 0; i < _threads.Length && sent < count; i++)
        {
            sent += _threads[i].TryAssign(helper, processor) ? 1 : 0;
        }

        return sent;
    }

    /// <summary>Called by a thread of this pool, by its number: leaves a processor that its caller needs.</summary>
    internal void MoveOff(int thread, int processor) => _threads[thread - 1].MoveOff(processor);

    /// <summary>Takes workers from the arbiter for a caller that works itself.</summary>
    internal WorkerLease Lease(int wanted) => _arbiter.Lease(Math.Min(wanted, Workers));

    /// <summary>Ends the threads; runs under way are finished first.</summary>
    /// <exception cref="InvalidOperationException">Called from a worker of this pool, which cannot wait for itself.</exception>
    public void Dispose()
    {
        if (Array.Exists(_threads, t => t.IsCurrent))
        {
            throw new InvalidOperationException("A worker cannot dispose its own pool.");
        }

        foreach (WorkerThread thread in _threads)
        {
            thread.Stop();
        }

        foreach (WorkerThread thread in _threads)
        {
            thread.Join();
        }
    }
}
