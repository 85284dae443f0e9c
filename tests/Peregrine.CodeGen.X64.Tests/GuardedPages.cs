using System.Runtime.InteropServices;

namespace Peregrine.CodeGen.X64.Tests;

/// <summary>Readable and writable memory followed by a page that may not be touched.</summary>
internal sealed unsafe partial class GuardedPages : IDisposable
{
    private const int Usable = 1 << 16;
    private readonly nint _base;

    internal GuardedPages()
    {
        int page = Environment.SystemPageSize;
        _base = SystemMemory.MapWritable((nuint)(Usable + page));
        if (_base == 0 || Protect(_base + Usable, (nuint)page, 0) != 0) { throw new InvalidOperationException("no guarded memory"); }
    }

    internal nint Start => _base;

    internal nint End => _base + Usable;

    public void Dispose() => SystemMemory.Unmap(_base, (nuint)(Usable + Environment.SystemPageSize));

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);
}
