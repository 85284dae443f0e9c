using Peregrine.Diagnostics;
using Peregrine.Runtime.Memory;

namespace Peregrine.Backends.Cpu.Memory;

/// <summary>
/// One arena: zeroed native memory, aligned to 64 bytes, or to 2 MiB and with huge pages from that size on. Its views keep the memory alive
/// until <see cref="Dispose"/>; pins keep it alive even then.
/// </summary>
public sealed unsafe class NativeArena : IDisposable
{
    /// <summary>Arenas, and what kernels read by whole vectors, begin at a multiple of so many bytes.</summary>
    internal const int Alignment = 64;

    private readonly NativeBlock _block;

    /// <param name="length">Bytes, 0 or more.</param>
    /// <exception cref="BackendException">The machine does not have that much memory; nothing has been allocated.</exception>
    public NativeArena(long length)
        : this(length, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
    {
    }

    internal NativeArena(long length, long available)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > available)
        {
            throw new BackendException($"An arena of {length} bytes is needed, but this process may use {available} bytes. Bind smaller shapes, or run on a larger machine.");
        }

        Length = length;
        _block = NativeBlock.Allocate((nuint)Math.Max(length, 1))
            ?? throw new BackendException($"The system refused an arena of {length} bytes. Bind smaller shapes, or free memory.");
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The first byte. It is valid until <see cref="Dispose"/>; keep the arena referenced while using it.</summary>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_block.IsClosed, this);
            return _block.Pointer;
        }
    }

    /// <summary>Part of the arena.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the arena.</exception>
    public Memory<byte> View(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new NativeMemoryView(_block, Pointer + offset, length).Memory;
    }

    public void Dispose() => _block.Dispose();
}
