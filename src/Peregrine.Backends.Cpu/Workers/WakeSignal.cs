using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// A counter that threads wait upon: they spin for a short time, then park in the operating system, so that a wait never burns a core that
/// another process needs. Neither side allocates.
/// </summary>
internal sealed unsafe class WakeSignal
{
    // Two lines, because processors fetch lines in pairs, and as much again, so that no other's lie in them.
    private const int Ints = 64;

    private readonly int _spins;
    private readonly object? _gate;
    // Pinned: the system waits for an address.
    private readonly int[] _memory = GC.AllocateArray<int>(Ints, pinned: true);
    private readonly int* _version;
    private int _parked;

    /// <param name="spins">Polls before a waiter parks; 0 parks at once.</param>
    public WakeSignal(int spins)
        : this(spins, Futex.IsSupported)
    {
    }

    /// <param name="spins">Polls before a waiter parks; 0 parks at once.</param>
    /// <param name="usesFutex">Whether waiters park there, and not in a monitor.</param>
    internal WakeSignal(int spins, bool usesFutex)
    {
        _spins = spins;
        _version = (int*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, Ints / 2);
        _gate = usesFutex ? null : new();
    }

    /// <summary>Whether somebody has given up polling; that may change at any time.</summary>
    public bool HasParked => Volatile.Read(ref _parked) != 0;

    /// <summary>Changes with each <see cref="Signal"/>.</summary>
    public int Version => Volatile.Read(ref *_version);

    /// <summary>Changes the version and wakes all who wait for that.</summary>
    public void Signal()
    {
        // Full fence between the new version and the look at _parked; its counterpart is in Park. One of both sides must see the other.
        Interlocked.Increment(ref *_version);
        if (Volatile.Read(ref _parked) != 0)
        {
            Wake();
        }

        // The memory belongs to the array.
        GC.KeepAlive(_memory);
    }

    /// <summary>Returns once the version is not <paramref name="seen"/>.</summary>
    public void WaitWhile(int seen)
    {
        for (int i = 0; i < _spins; i++)
        {
            if (Version != seen)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        Park(seen);
        GC.KeepAlive(_memory);
    }

    private void Wake()
    {
        if (_gate is null)
        {
            Futex.WakeAll(_version);
            return;
        }

        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void Park(int seen)
    {
        Interlocked.Increment(ref _parked);
        try
        {
            if (_gate is null)
            {
                while (Version == seen)
                {
                    // The system looks at the version once more, when nobody can wake any more without its knowing of this thread.
                    Futex.Wait(_version, seen);
                }

                return;
            }

            lock (_gate)
            {
                while (Version == seen)
                {
                    Monitor.Wait(_gate);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _parked);
        }
    }
}
