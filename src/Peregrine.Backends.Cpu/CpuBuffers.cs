using Peregrine.Backends.Cpu.Memory;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu;

/// <summary>Native memory of the host.</summary>
internal sealed class ArenaBuffer(long bytes) : DeviceBuffer
{
    private readonly NativeArena _arena = new(bytes);

    public override long Length => _arena.Length;

    public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
    {
        memory = _arena.View(offset, length);
        return true;
    }

    public override void Dispose() => _arena.Dispose();
}

/// <summary>Memory that somebody else owns.</summary>
internal sealed class WrappedBuffer(Memory<byte> wrapped) : DeviceBuffer
{
    public override long Length => wrapped.Length;

    public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
    {
        memory = wrapped.Slice(checked((int)offset), length);
        return true;
    }

    public override void Dispose()
    {
    }
}
