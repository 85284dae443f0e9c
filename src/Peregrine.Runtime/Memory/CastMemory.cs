using System.Buffers;
using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Memory;

/// <summary>Memory of another element type seen as bytes.</summary>
internal sealed class CastMemory<T>(Memory<T> source) : MemoryManager<byte> where T : unmanaged
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(source.Span);

    // Pinning the source pins what the bytes lie in; the offset counts bytes from its start.
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        MemoryHandle handle = source.Pin();
        return new((byte*)handle.Pointer + elementIndex, pinnable: new HandleHolder(handle));
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class HandleHolder(MemoryHandle handle) : IPinnable
    {
        private MemoryHandle _handle = handle;

        public MemoryHandle Pin(int elementIndex) => throw new NotSupportedException("The memory is pinned already.");

        public void Unpin() => _handle.Dispose();
    }
}
