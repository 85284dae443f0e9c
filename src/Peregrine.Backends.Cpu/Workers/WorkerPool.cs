using System.Runtime.ExceptionServices;
using Peregrine.Runtime.Execution;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// Long-lived threads that run a body together with the caller (SPMD: every worker walks the whole body and does its share of each step).
/// Several callers can run at the same time: each gets a team of idle threads, as many as the arbiter grants. A run allocates nothing in
/// steady state.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Polls of a waiting thread before it parks, some ten microseconds: longer than the steps of a network are apart.</summary>
    public const int DefaultSpins = 2000;

    private readonly WorkerArbiter _arbiter;
    private readonly int _spins;
    private readonly Lock _gate = new();
    private readonly WorkerThread[] _threads;
    private readonly WorkerThread[] _idle;
    private readonly Stack<WorkerTeam> _teams = new();
    private int _idleCount;
    private bool _disposed;

    /// <param name="workers">The most workers of a team, the caller included; the pool has one thread less.</param>
    /// <param name="arbiter">Shares the processors with other pools of this process.</param>
    /// <param name="spins">Polls before a waiting thread parks; 0 parks at once.</param>
    public WorkerPool(int workers, WorkerArbiter arbiter, int spins = DefaultSpins)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentNullException.ThrowIfNull(arbiter);
        ArgumentOutOfRangeException.ThrowIfNegative(spins);
        _arbiter = arbiter;
        _spins = Environment.ProcessorCount == 1 ? 0 : spins; // Alone on a processor, a spinning thread only keeps the other from working.
        _threads = new WorkerThread[workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new WorkerThread(this, i + 1, _spins);
        }

        _idle = [.. _threads];
        _idleCount = _idle.Length;
    }

    /// <summary>The most workers of a team, the caller included.</summary>
    public int Workers => _threads.Length + 1;

    /// <summary>Runs the body on the caller and as many other workers as are wanted, granted and idle, and returns when all are done.</summary>
    /// <param name="maximumWorkers">The most workers, the caller included, 1 or more.</param>
    /// <remarks>If workers throw, the first exception is thrown here after all have left the body.</remarks>
    public void Run(ISpmdBody body, int maximumWorkers = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(body);
        using WorkerLease lease = _arbiter.Lease(Math.Min(maximumWorkers, Workers));
        WorkerTeam team;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_teams.TryPop(out team!))
            {
                team = new WorkerTeam(_spins);
            }

            // Threads are handed out under the lock, so that disposal comes before or behind a whole team.
            int helpers = Math.Min(lease.Workers - 1, _idleCount);
            team.Begin(body, helpers + 1);
            for (int worker = 1; worker <= helpers; worker++)
            {
                _idle[--_idleCount].Assign(team, worker);
            }
        }

        team.Work(worker: 0);
        ExceptionDispatchInfo? failure = team.End();
        lock (_gate)
        {
            _teams.Push(team);
        }

        failure?.Throw();
    }

    /// <summary>Sends up to so many idle threads to help, and does not wait for them: they may come late, or when there is nothing left to do.</summary>
    /// <returns>How many were sent.</returns>
    public int Invite(IHelper helper, int count)
    {
        ArgumentNullException.ThrowIfNull(helper);
        int sent = 0, processor = ThreadPlacement.CurrentProcessor();
        lock (_gate)
        {
            // A helper that comes late finds a pool that is gone; nobody misses it.
            while (!_disposed && sent < count && _idleCount > 0)
            {
                _idle[--_idleCount].Assign(helper, processor);
                sent++;
            }
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

        lock (_gate)
        {
            _disposed = true;
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

    internal void BecomeIdle(WorkerThread thread)
    {
        lock (_gate)
        {
            _idle[_idleCount++] = thread;
        }
    }
}
