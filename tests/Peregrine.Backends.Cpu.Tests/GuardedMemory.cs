using System.Buffers;
using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Tests;

/// <summary>Memory whose last byte lies in front of a page that nobody may touch: reading or writing one byte too far ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : MemoryManager<byte>
{
    private const int Page = 4096, ReadWrite = 3, PrivateAnonymous = 0x22;

    private readonly byte* _mapping;
    private readonly nint _mapped;
    private readonly int _length;

    public GuardedMemory(int length)
    {
        _length = length;
        _mapped = ((length + Page - 1) & -Page) + (2 * Page);
        _mapping = Map(null, _mapped, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.True(_mapping != (byte*)-1);
        Assert.Equal(0, Protect(_mapping, Page, 0));
        Assert.Equal(0, Protect(_mapping + _mapped - Page, Page, 0));
    }

    public static bool IsAvailable => OperatingSystem.IsLinux() && Environment.SystemPageSize == Page;

    public override Span<byte> GetSpan() => new(Start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(Start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _ = Unmap(_mapping, _mapped);

    private byte* Start => _mapping + _mapped - Page - _length;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(void* address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nint length);
}
