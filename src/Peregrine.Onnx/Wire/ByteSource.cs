using System.Runtime.InteropServices;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// The bytes of a file or of a caller's buffer, addressed by 64-bit offsets. Lifetime is by reference: every <see cref="Slice"/> keeps the bytes alive,
/// so that a tensor may outlive the file object it came from. The bytes are read-only although <see cref="Memory{T}"/> does not say so: writing to a mapped
/// one ends the process. A span taken from a slice does not keep a mapping alive by itself; hold the tensor (or the memory) as long as the span is used.
/// </summary>
public abstract class ByteSource
{
    private protected ByteSource(string name) => Name = name;

    /// <summary>The file's path, or what the caller called the buffer; used in messages.</summary>
    public string Name { get; }

    /// <summary>Number of bytes.</summary>
    public abstract long Length { get; }

    /// <summary>A view on <paramref name="length"/> bytes from <paramref name="offset"/>, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the source.</exception>
    public Memory<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return length == 0 ? Memory<byte>.Empty : SliceCore(offset, length);
    }

    /// <summary>A source over a caller's buffer, which must not change while anything refers to it.</summary>
    public static ByteSource Of(ReadOnlyMemory<byte> bytes, string name) => new MemorySource(bytes, name);

    /// <summary>The first byte; must not be dereferenced if <see cref="Length"/> is 0.</summary>
    internal abstract ref byte Start { get; }

    private protected abstract Memory<byte> SliceCore(long offset, int length);

    private sealed class MemorySource(ReadOnlyMemory<byte> bytes, string name) : ByteSource(name)
    {
        public override long Length => bytes.Length;

        internal override ref byte Start => ref MemoryMarshal.GetReference(bytes.Span);

        private protected override Memory<byte> SliceCore(long offset, int length) => MemoryMarshal.AsMemory(bytes.Slice((int)offset, length));
    }
}
