namespace Peregrine.Runtime.Execution;

/// <summary>
/// Shares the processors of this process among all contexts that run at the same time, so that together they do not start more workers than
/// there are processors. A lease never waits: it may hold fewer workers than wanted, down to the calling thread alone, which is why no result
/// may depend on the number of workers.
/// </summary>
public sealed class WorkerArbiter
{
    private static readonly Lock SharedGate = new();
    private static WorkerArbiter? _shared;
    private int _free;

    /// <param name="processors">How many threads may work at the same time, 1 or more.</param>
    public WorkerArbiter(int processors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processors, 1);
        Processors = processors;
        _free = processors;
    }

    /// <summary>The threads that may work at the same time.</summary>
    public int Processors { get; }

    /// <summary>Workers not leased right now; below zero when more threads called than there are processors.</summary>
    public int Free => Volatile.Read(ref _free);

    /// <summary>The one arbiter of this process. The first caller's number of processors counts, since a process has only one quota.</summary>
    public static WorkerArbiter Shared(int processors)
    {
        lock (SharedGate)
        {
            return _shared ??= new WorkerArbiter(processors);
        }
    }

    /// <summary>Leases the calling thread and up to <paramref name="wanted"/> − 1 more workers; give it back with <see cref="WorkerLease.Dispose"/>.</summary>
    public WorkerLease Lease(int wanted)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wanted, 1);
        int free = Volatile.Read(ref _free);
        while (true)
        {
            // The caller's own thread runs anyway, so it is always granted.
            int granted = Math.Max(1, Math.Min(wanted, free));
            int seen = Interlocked.CompareExchange(ref _free, free - granted, free);
            if (seen == free)
            {
                return new WorkerLease(this, granted);
            }

            free = seen;
        }
    }

    internal void Return(int workers) => Interlocked.Add(ref _free, workers);
}

/// <summary>Workers granted by a <see cref="WorkerArbiter"/>. Dispose it exactly once.</summary>
public readonly struct WorkerLease : IDisposable, IEquatable<WorkerLease>
{
    private readonly WorkerArbiter _arbiter;

    internal WorkerLease(WorkerArbiter arbiter, int workers)
    {
        _arbiter = arbiter;
        Workers = workers;
    }

    /// <summary>Threads that may work, the caller's included: 1 or more.</summary>
    public int Workers { get; }

    public void Dispose() => _arbiter.Return(Workers);

    public bool Equals(WorkerLease other) => ReferenceEquals(_arbiter, other._arbiter) && Workers == other.Workers;

    public override bool Equals(object? obj) => obj is WorkerLease other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_arbiter, Workers);

    public static bool operator ==(WorkerLease left, WorkerLease right) => left.Equals(right);

    public static bool operator !=(WorkerLease left, WorkerLease right) => !left.Equals(right);
}
