using System.Runtime.InteropServices;

namespace Peregrine.CodeGen.X64;

/// <summary>Pages from the system. Errors leave their number in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static partial class SystemMemory
{
    private const int ProtectRead = 1, ProtectWrite = 2, ProtectExecute = 4, MapPrivate = 2;
    private const uint Commit = 0x1000, Reserve = 0x2000, Release = 0x8000, PageReadWrite = 0x04, PageExecuteRead = 0x20;

    // MAP_ANONYMOUS differs between Linux and the systems that come from BSD.
    private static int MapAnonymous => OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 0x20 : 0x1000;

    /// <summary>Fresh zeroed pages, or 0.</summary>
    internal static nint MapWritable(nuint length)
    {
        if (OperatingSystem.IsWindows()) { return VirtualAlloc(0, length, Commit | Reserve, PageReadWrite); }
        nint address = Map(0, length, ProtectRead | ProtectWrite, MapPrivate | MapAnonymous, -1, 0);
        return address == -1 ? 0 : address;
    }

    /// <summary>Takes the right to write and gives the right to execute.</summary>
    internal static bool MakeExecutable(nint address, nuint length)
    {
        if (!OperatingSystem.IsWindows()) { return Protect(address, length, ProtectRead | ProtectExecute) == 0; }
        return VirtualProtect(address, length, PageExecuteRead, out _) != 0 && FlushInstructionCache(GetCurrentProcess(), address, length) != 0;
    }

    internal static void Unmap(nint address, nuint length)
    {
        if (OperatingSystem.IsWindows()) { _ = VirtualFree(address, 0, Release); }
        else { _ = UnmapPages(address, length); }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int UnmapPages(nint address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint VirtualAlloc(nint address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int VirtualProtect(nint address, nuint length, uint protection, out uint before);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int VirtualFree(nint address, nuint length, uint type);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int FlushInstructionCache(nint process, nint address, nuint length);
}
