using System.Buffers;
using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Memory;

/// <summary>
/// Part of a native block as <see cref="Memory{T}"/>. It keeps the block's handle alive; a pin keeps the memory itself even past the owner's
/// disposal. After that disposal new spans are refused with <see cref="ObjectDisposedException"/>; spans taken before must not be used any more.
/// </summary>
public unsafe class NativeMemoryView : MemoryManager<byte>
{
    private readonly SafeHandle _owner;
    private readonly byte* _start;
    private readonly int _length;

    /// <param name="owner">Frees the block when released.</param>
    /// <param name="start">First byte of the view, inside the block.</param>
    /// <param name="length">Bytes, all inside the block: the caller has checked it.</param>
    public NativeMemoryView(SafeHandle owner, byte* start, int length)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _owner = owner;
        _start = start;
        _length = length;
    }

    // MemoryManager<T>.Memory would call GetSpan for the length, and so touch the state of the block.
    public sealed override Memory<byte> Memory => CreateMemory(_length);

    public sealed override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_owner.IsClosed, _owner);
        // Safe: the constructor's contract places the range inside the block, and the block is still held by its open handle.
        return new Span<byte>(_start, _length);
    }

    public sealed override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        bool added = false;
        _owner.DangerousAddRef(ref added);
        return new MemoryHandle(_start + elementIndex, default, this);
    }

    public sealed override void Unpin() => _owner.DangerousRelease();

    protected sealed override void Dispose(bool disposing)
    {
    }
}
