using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// Linux's own wait for a number in memory to change. A monitor does the same with several calls of the system on either side: where those are dear, as in some virtual machines, waking a thread took its
/// caller 90 µs instead of 45.
/// </summary>
internal static unsafe partial class Futex
{
    private const int PrivateWait = 128, PrivateWake = 129;
    private static readonly nint Number = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 202, Architecture.Arm64 => 98, _ => 0 };

    /// <summary>Whether the system has it; asked by waking nobody.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Number != 0 && WakesNobody();

    /// <summary>Sleeps until it is woken, if <paramref name="word"/> still holds <paramref name="value"/>. May return without any reason.</summary>
    public static void Wait(int* word, int value) => _ = SystemCall(Number, word, PrivateWait, value, null, null, 0);

    /// <summary>Wakes all that wait for the word.</summary>
    public static void WakeAll(int* word) => _ = SystemCall(Number, word, PrivateWake, int.MaxValue, null, null, 0);

    private static bool WakesNobody()
    {
        try
        {
            int word = 0;
            return SystemCall(Number, &word, PrivateWake, 1, null, null, 0) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
        catch (DllNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, void* timeout, int* other, nint mask);
}
