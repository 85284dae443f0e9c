using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// Keeps a helping thread off the processor of the thread that it helps. Where the system sees no cache that processors share (in many virtual machines), Linux wakes a thread on the processor of the
/// one that wakes it, although another is idle, and the two take turns there for milliseconds. Elsewhere, and wherever a call fails, nothing is done.
/// </summary>
/// <remarks>No pinning: as soon as the thread runs elsewhere, all processors are allowed again.</remarks>
internal sealed unsafe partial class ThreadPlacement
{
    private const int MaskLongs = 16;
    private const int MaskBytes = MaskLongs * sizeof(ulong);

    private readonly ulong[] _allowed = new ulong[MaskLongs];
    private readonly ulong[] _mask = new ulong[MaskLongs];
    private volatile bool _isRestricted;
    private volatile int _thread;

    /// <summary>Called once by the thread that is to be placed, before it is asked to help.</summary>
    public void Begin()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            fixed (ulong* mask = _allowed)
            {
                _thread = sched_getaffinity(0, MaskBytes, mask) < 0 ? 0 : gettid();
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library; the thread stays where the system puts it.
            _thread = 0;
        }
        catch (DllNotFoundException)
        {
            _thread = 0;
        }
    }

    /// <summary>The number of the calling thread's processor; −1 if it cannot be told.</summary>
    public static int CurrentProcessor()
    {
        if (!OperatingSystem.IsLinux())
        {
            return -1;
        }

        try
        {
            return sched_getcpu();
        }
        catch (EntryPointNotFoundException)
        {
            return -1;
        }
        catch (DllNotFoundException)
        {
            return -1;
        }
    }

    /// <summary>Makes the thread, which is parked, wake up on another processor than this one, if it may run on any other. Called by one thread at a time.</summary>
    public void KeepOff(int processor)
    {
        int thread = _thread;
        if (thread == 0 || (uint)processor >= MaskLongs * 64)
        {
            return;
        }

        _allowed.CopyTo(_mask, 0);
        _mask[processor / 64] &= ~(1ul << (processor % 64));
        if (_mask.AsSpan().ContainsAnyExcept(0ul))
        {
            _isRestricted = true;
            Allow(thread, _mask);
        }
    }

    /// <summary>Called by the thread when it runs: from now on it may run where it might before.</summary>
    public void Settle()
    {
        if (_isRestricted)
        {
            _isRestricted = false;
            Allow(_thread, _allowed);
        }
    }

    /// <summary>Called by the thread, which shares this processor with its caller: moves it to another at once, if it may run on any other.</summary>
    public void MoveOff(int processor)
    {
        KeepOff(processor);
        Settle();
    }

    private void Allow(int thread, ulong[] processors)
    {
        fixed (ulong* mask = processors)
        {
            if (thread != 0 && sched_setaffinity(thread, MaskBytes, mask) < 0)
            {
                _thread = 0;
            }
        }
    }

#pragma warning disable SA1300, IDE1006 // The names of the C library.
    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    private static partial int sched_getcpu();

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int gettid();

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sched_getaffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sched_setaffinity(int thread, nint bytes, ulong* mask);
#pragma warning restore SA1300, IDE1006
}
