using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Memory;

/// <summary>Advice to the system about pages of a private file mapping that nobody writes to. Where there is no such advice nothing happens.</summary>
internal static unsafe partial class MappedPages
{
    private const int DontNeed = 4, HugePage = 14, PopulateRead = 22;

    private static bool IsAvailable => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Has what is not in memory yet come from the disk in large pages, where file system and kernel have them: a page table with fewer entries is filled and walked faster.</summary>
    public static void PreferLarge(byte* start, nint length) => Advise(start, start + length, HugePage);

    /// <summary>
    /// Maps all pages that the range touches, with one call: otherwise the reader faults on every sixteenth page, which takes longer than hashing it. Kernels before 5.14 refuse, and the pages come
    /// one by one.
    /// </summary>
    /// <returns>Whether all pages are there: reading them cannot fail any more, as it can where a disk does.</returns>
    public static bool Prefetch(byte* start, nint length)
    {
        byte* first = (byte*)((nint)start & -(nint)Environment.SystemPageSize);
        return Advise(first, start + length, PopulateRead);
    }

    /// <summary>Gives back the pages that lie inside the range altogether. They come from the file again when they are read; a page of a mapping that is not private to a file would be lost.</summary>
    public static void Release(byte* start, nint length)
    {
        nint page = Environment.SystemPageSize;
        Advise((byte*)(((nint)start + page - 1) & -page), (byte*)((nint)(start + length) & -page), DontNeed);
    }

    // Only advice: a refusal costs time or memory, nothing else.
    private static bool Advise(byte* first, byte* end, int advice) => IsAvailable && first < end && Advise((nint)first, (nuint)(end - first), advice) == 0;

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
