using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Cli;

/// <summary>
/// Memory for what the program allocates while it starts. Fresh pages of 4 KiB cost a fault each, which on a virtual machine takes ten times as long as using them, and a collection in the midst of
/// loading costs milliseconds; so the first megabytes of the heap are made ready at once and come in large pages, where the system has them.
/// </summary>
internal static unsafe partial class StartMemory
{
    // Nothing of this is touched, and so taken, before it is used.
    private const int SmallObjects = 32 << 20, LargeObjects = 8 << 20, LargePage = 2 << 20;

    // The regions that were made ready lie behind those that the heap began with.
    private const int Reach = 128 << 20;

    private const int HugePageAdvice = 14;

    /// <summary>To be called once, first of all. Collections begin when the memory is used up, as ever, or when somebody asks for one.</summary>
    public static void Prepare()
    {
        // A just-in-time compiled program allocates several times as much, and is better off with a small youngest generation.
        bool isWorthIt = !RuntimeFeature.IsDynamicCodeSupported && OperatingSystem.IsLinux() && GC.GetGCMemoryInfo().TotalAvailableMemoryBytes > 16L * (SmallObjects + LargeObjects);
        if (isWorthIt && GC.TryStartNoGCRegion(SmallObjects + LargeObjects, LargeObjects))
        {
            object first = new();
            // Only advice, and about the heap's own reserve: where it does not lie as expected nothing comes of it.
            _ = Advise(*(nint*)Unsafe.AsPointer(ref first) & -LargePage, Reach, HugePageAdvice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint length, int advice);
}
