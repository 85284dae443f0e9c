namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// A counter that threads wait upon: they spin for a short time, then park in the operating system, so that a wait never burns a core that
/// another process needs. Neither side allocates.
/// </summary>
internal sealed class WakeSignal
{
    private readonly int _spins;
    private readonly object _gate = new();
    private int _version;
    private int _parked;

    /// <param name="spins">Polls before a waiter parks; 0 parks at once.</param>
    public WakeSignal(int spins) => _spins = spins;

    /// <summary>Whether somebody has given up polling; that may change at any time.</summary>
    public bool HasParked => Volatile.Read(ref _parked) != 0;

    /// <summary>Changes with each <see cref="Signal"/>.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Changes the version and wakes all who wait for that.</summary>
    public void Signal()
    {
        // Full fence between the new version and the look at _parked; its counterpart is in Park. One of both sides must see the other.
        Interlocked.Increment(ref _version);
        if (Volatile.Read(ref _parked) != 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Returns once the version is not <paramref name="seen"/>.</summary>
    public void WaitWhile(int seen)
    {
        for (int i = 0; i < _spins; i++)
        {
            if (Volatile.Read(ref _version) != seen)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        Park(seen);
    }

    private void Park(int seen)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _parked);
            try
            {
                while (Volatile.Read(ref _version) == seen)
                {
                    Monitor.Wait(_gate);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _parked);
            }
        }
    }
}
