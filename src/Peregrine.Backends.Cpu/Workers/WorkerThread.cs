namespace Peregrine.Backends.Cpu.Workers;

/// <summary>One thread of a <see cref="WorkerPool"/>.</summary>
internal sealed class WorkerThread
{
    private const int Idle = 0, Taken = 1, Gone = 2;

    private readonly Thread _thread;
    private readonly WakeSignal _mail;
    private readonly ThreadPlacement _placement = new();
    private readonly int _number;
    // One of the states. No lock guards it: those of the library allocate when two threads meet there.
    private int _state = Idle;
    private IHelper? _helper;
    private volatile bool _stopping;

    public WorkerThread(int number, int spins)
    {
        _number = number;
        _mail = new WakeSignal(spins);
        _thread = new Thread(Loop) { IsBackground = true, Name = $"peregrine-worker-{number}" };
        _thread.Start();
    }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Sends the thread to help, on another processor than that of the caller, if it is idle.</summary>
    /// <param name="processor">The caller's processor; −1 if it is not known.</param>
    public bool TryAssign(IHelper helper, int processor)
    {
        if (Volatile.Read(ref _state) != Idle || Interlocked.CompareExchange(ref _state, Taken, Idle) != Idle)
        {
            return false;
        }

        if (_mail.HasParked)
        {
            _placement.KeepOff(processor);
        }

        Volatile.Write(ref _helper, helper);
        _mail.Signal();
        return true;
    }

    /// <summary>Called by this thread: leaves a processor that its caller needs.</summary>
    public void MoveOff(int processor) => _placement.MoveOff(processor);

    /// <summary>Asks the thread to end when it has no work.</summary>
    public void Stop()
    {
        _stopping = true;
        _mail.Signal();
    }

    public void Join() => _thread.Join();

    private void Loop()
    {
        _placement.Begin();
        while (true)
        {
            int version = _mail.Version;
            if (Volatile.Read(ref _helper) is { } helper)
            {
                _helper = null;
                _placement.Settle();
                helper.Help(_number);
                Volatile.Write(ref _state, Idle);
            }
            else if (_stopping && Interlocked.CompareExchange(ref _state, Gone, Idle) == Idle)
            {
                return;
            }
            else
            {
                _mail.WaitWhile(version);
            }
        }
    }
}
