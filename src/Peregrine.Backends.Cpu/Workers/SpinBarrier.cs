namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// A reusable barrier for the workers of one team. It spins for a bounded time, then parks. When a worker fails, the barrier is poisoned: all
/// waits end at once and return false from then on, so nobody waits for a worker that will not come.
/// </summary>
public sealed class SpinBarrier
{
    private readonly WakeSignal _signal;
    private int _participants = 1;
    private int _missing = 1;
    private volatile bool _isPoisoned;

    internal SpinBarrier(int spins) => _signal = new WakeSignal(spins);

    /// <summary>
    /// Waits for all workers of the team; what they wrote before is visible to all behind it.
    /// </summary>
    /// <returns>False if a worker has failed: leave the body without touching what others should have written.</returns>
    public bool SignalAndWait()
    {
        // The version first: a poisoning behind this read either shows in the flag or changes the version.
        int version = _signal.Version;
        if (_isPoisoned)
        {
            return false;
        }

        if (Interlocked.Decrement(ref _missing) == 0)
        {
            // Everybody else waits on the version, so nobody can arrive before it changes.
            Volatile.Write(ref _missing, _participants);
            _signal.Signal();
        }
        else
        {
            _signal.WaitWhile(version);
        }

        return !_isPoisoned;
    }

    /// <summary>Ends all waits, now and until the next <see cref="Reset"/>.</summary>
    internal void Poison()
    {
        _isPoisoned = true;
        _signal.Signal();
    }

    /// <summary>Prepares for a team; nobody may be waiting.</summary>
    internal void Reset(int participants)
    {
        _participants = participants;
        _isPoisoned = false;
        Volatile.Write(ref _missing, participants);
    }
}
