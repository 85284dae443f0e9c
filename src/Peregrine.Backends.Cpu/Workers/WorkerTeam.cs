using System.Runtime.ExceptionServices;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>What the threads of one run share. Teams are reused, so a run allocates nothing.</summary>
internal sealed class WorkerTeam(int spins)
{
    private readonly SpinBarrier _barrier = new(spins);
    private readonly WakeSignal _finished = new(spins);
    private ISpmdBody? _body;
    private ExceptionDispatchInfo? _failure;
    private int _running;
    private int _workers;

    /// <summary>Prepares a run; threads may be sent in afterwards.</summary>
    public void Begin(ISpmdBody body, int workers)
    {
        _body = body;
        _workers = workers;
        _failure = null;
        _barrier.Reset(workers);
        Volatile.Write(ref _running, workers);
    }

    /// <summary>One worker's walk through the body. Never throws: the first failure is kept for the caller, the others are released.</summary>
    /// <param name="beforeFinish">The pool's thread that is working here; it counts as idle again before the caller is told that all are done.</param>
    public void Work(int worker, WorkerThread? beforeFinish = null)
    {
        try
        {
            _body!.Run(worker, _workers, _barrier);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            _barrier.Poison();
        }

        // In this order, or else the caller's next run could find this thread missing.
        beforeFinish?.BecomeIdle();
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _finished.Signal();
        }
    }

    /// <summary>Waits for all workers, and returns the first failure or null.</summary>
    public ExceptionDispatchInfo? End()
    {
        while (true)
        {
            int version = _finished.Version;
            if (Volatile.Read(ref _running) == 0)
            {
                break;
            }

            _finished.WaitWhile(version);
        }

        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        _body = null;
        return failure;
    }
}
