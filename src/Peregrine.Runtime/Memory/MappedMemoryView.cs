using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Memory;

/// <summary>Part of a file that is mapped for this process alone and that nobody writes to.</summary>
internal sealed unsafe class MappedMemoryView(SafeHandle owner, byte* start, int length) : NativeMemoryView(owner, start, length), IReloadable
{
    private readonly byte* _first = start;

    // Safe: a span can only be had while the mapping is there, and nothing unmaps a range that is in use.
    public void Prefetch() => MappedPages.Prefetch(_first, GetSpan().Length);

    public void Release() => MappedPages.Release(_first, GetSpan().Length);
}
