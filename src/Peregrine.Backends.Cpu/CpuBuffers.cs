using System.Buffers;
using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Memory;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Memory;

namespace Peregrine.Backends.Cpu;

/// <summary>Memory of the host under an address that stays: what kernels work on.</summary>
internal abstract unsafe class HostBuffer : DeviceBuffer
{
    /// <summary>The first byte; valid until the buffer is disposed of.</summary>
    public abstract byte* Pointer { get; }

    /// <summary>Tells that all of it is about to be read.</summary>
    public virtual void Prefetch()
    {
    }

    /// <summary>Tells that it will hardly be read again: memory that the system can read from a file once more is given back. The contents stay what they are.</summary>
    public virtual void Release()
    {
    }
}

/// <summary>Native memory of the host.</summary>
internal sealed unsafe class ArenaBuffer(long bytes) : HostBuffer
{
    private readonly NativeArena _arena = new(bytes);

    public override long Length => _arena.Length;

    public override byte* Pointer => _arena.Pointer;

    public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
    {
        memory = _arena.View(offset, length);
        return true;
    }

    public override void Dispose() => _arena.Dispose();
}

/// <summary>Memory that somebody else owns: pinned from its first use by a kernel until it is disposed of or collected.</summary>
internal sealed unsafe class WrappedBuffer(Memory<byte> wrapped) : HostBuffer
{
    private PinnedMemory? _pinned;

    public override long Length => wrapped.Length;

    public override byte* Pointer => (_pinned ?? Pin()).Pointer;

    private IReloadable? Reloadable =>
        MemoryMarshal.TryGetMemoryManager<byte, MemoryManager<byte>>(wrapped, out MemoryManager<byte>? manager, out int start, out int length) && start == 0 && length == manager!.Memory.Length ? manager as IReloadable : null;

    public override void Prefetch() => Reloadable?.Prefetch();

    public override void Release() => Reloadable?.Release();

    public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
    {
        memory = wrapped.Slice(checked((int)offset), length);
        return true;
    }

    public override void Dispose() => Interlocked.Exchange(ref _pinned, null)?.Dispose();

    private PinnedMemory Pin()
    {
        // Workers may come here at the same time; one pin survives.
        PinnedMemory mine = new(wrapped);
        if (Interlocked.CompareExchange(ref _pinned, mine, null) is not { } first)
        {
            return mine;
        }

        mine.Dispose();
        return first;
    }
}

/// <summary>A pin that ends with this object, at the latest when it is collected.</summary>
internal sealed unsafe class PinnedMemory : SafeHandle
{
    private MemoryHandle _pin;

    public PinnedMemory(Memory<byte> memory)
        : base(0, ownsHandle: true)
    {
        _pin = memory.Pin();
        Pointer = (byte*)_pin.Pointer;
        // Any value but 0 marks the handle as one to release; memory of no bytes has no address.
        SetHandle(1);
    }

    public byte* Pointer { get; }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        _pin.Dispose();
        return true;
    }
}
