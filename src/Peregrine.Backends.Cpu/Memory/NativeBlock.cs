using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Memory;

/// <summary>
/// A zeroed block of native memory. On 64-bit Linux large blocks come from mmap, begin at a multiple of 2 MiB and ask for huge pages: without
/// them the first touch of each 4 KiB page costs a fault. Freed with its last reference.
/// </summary>
internal sealed unsafe partial class NativeBlock : SafeHandle
{
    /// <summary>The size of a huge page, and the alignment of blocks that are at least as large.</summary>
    public const int HugePage = 2 << 20;

    private const nuint SmallAlignment = 64;
    private readonly nuint _mappedLength;

    private NativeBlock(nint address, nuint mappedLength)
        : base(0, ownsHandle: true)
    {
        _mappedLength = mappedLength;
        SetHandle(address);
    }

    public override bool IsInvalid => handle == 0;

    public byte* Pointer => (byte*)handle;

    /// <returns>Null if the system has no such memory.</returns>
    public static NativeBlock? Allocate(nuint length)
    {
        if (length >= HugePage && CanMap)
        {
            return Map((length + HugePage - 1) & ~(nuint)(HugePage - 1));
        }

        try
        {
            void* block = NativeMemory.AlignedAlloc(length, length >= HugePage ? HugePage : SmallAlignment);
            NativeMemory.Clear(block, length);
            return new NativeBlock((nint)block, mappedLength: 0);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    protected override bool ReleaseHandle()
    {
        if (_mappedLength > 0)
        {
            return Unmap(handle, _mappedLength) == 0;
        }

        NativeMemory.AlignedFree((void*)handle);
        return true;
    }

    // The constants below are those of Linux on these two architectures.
    private static bool CanMap => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    private static NativeBlock? Map(nuint length)
    {
        const int ProtectReadWrite = 1 | 2;
        const int PrivateAnonymous = 0x02 | 0x20;
        const int AdviseHugePages = 14;
        nuint reserved = length + HugePage;
        nint start = MapMemory(0, reserved, ProtectReadWrite, PrivateAnonymous, -1, 0);
        if (start == -1)
        {
            return null;
        }

        // Safe: only the unaligned ends of the range just reserved are given back.
        nint aligned = (start + HugePage - 1) & ~(nint)(HugePage - 1);
        nuint head = (nuint)(aligned - start);
        nuint tail = reserved - head - length;
        if (head > 0)
        {
            Unmap(start, head);
        }

        if (tail > 0)
        {
            Unmap(aligned + (nint)length, tail);
        }

        Advise(aligned, length, AdviseHugePages); // Only advice: where it is refused, memory is slower to touch.
        return new NativeBlock(aligned, length);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapMemory(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);
}
