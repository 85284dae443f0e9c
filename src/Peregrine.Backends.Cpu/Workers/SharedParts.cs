using System.Runtime.ExceptionServices;
using Peregrine.Runtime.Execution;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>Numbered parts of some work outside of a stream, shared by the caller and idle threads of a pool: who is free takes the next.</summary>
internal sealed class SharedParts : IHelper
{
    private readonly Action<int> _run;
    private readonly int _count;
    private ExceptionDispatchInfo? _failure;
    private int _next;
    private int _done;

    private SharedParts(int count, Action<int> run) => (_count, _run) = (count, run);

    /// <summary>Runs the parts 0 to <paramref name="count"/> − 1, in any order and on any thread, and returns when all are done.</summary>
    /// <param name="maximumWorkers">The most workers, the caller included, 1 or more.</param>
    /// <remarks>If parts throw, no further ones begin, and the first exception is thrown here when those under way are over.</remarks>
    public static void Run(WorkerPool pool, int count, Action<int> run, int maximumWorkers = int.MaxValue)
    {
        SharedParts parts = new(count, run);
        using (WorkerLease lease = pool.Lease(Math.Min(maximumWorkers, Math.Max(1, count))))
        {
            pool.Invite(parts, lease.Workers - 1);
            parts.Work();
            // Somebody else has the last parts; if it has no processor, it gets this one.
            SpinWait wait = default;
            while (Volatile.Read(ref parts._done) < count)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }

        parts._failure?.Throw();
    }

    public void Help(int thread) => Work();

    private void Work()
    {
        int part;
        // A helper that comes late finds no part, but must not count on without end.
        while (Volatile.Read(ref _next) < _count && (part = Interlocked.Increment(ref _next) - 1) < _count)
        {
            try
            {
                if (Volatile.Read(ref _failure) is null)
                {
                    _run(part);
                }
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            }

            Interlocked.Increment(ref _done);
        }
    }
}
