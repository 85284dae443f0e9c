using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>One section of an open engine file; its hashes have been checked unless the reader was told to do that in the background.</summary>
public sealed class EngineSection
{
    private readonly EngineBytes _bytes;

    internal EngineSection(EngineBytes bytes, SectionId id, SectionTraits traits, long offset, long length)
    {
        _bytes = bytes;
        Id = id;
        Traits = traits;
        Offset = offset;
        Length = length;
    }

    public SectionId Id { get; }

    public SectionTraits Traits { get; }

    /// <summary>Bytes; can be more than 2 GiB.</summary>
    public long Length { get; }

    /// <summary>Position of the first byte in the file.</summary>
    internal long Offset { get; }

    /// <summary>A name for messages: the id's name, or its number if this program does not know it.</summary>
    internal string Name => NameOf(Id);

    /// <summary>Part of the section, without a copy. Treat it as read-only: all users of the engine share it.</summary>
    /// <exception cref="EngineFormatException">The range, which comes from another section of the file, is not inside this one.</exception>
    public Memory<byte> View(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
        {
            throw new EngineFormatException($"The engine refers to {length} bytes from byte {offset} of its section \"{Name}\" on, which has {Length} bytes.");
        }

        return length <= int.MaxValue
            ? _bytes.View(Offset + offset, (int)length)
            : throw new EngineFormatException($"The engine refers to {length} bytes of its section \"{Name}\" as one piece; a piece has at most {int.MaxValue} bytes.");
    }

    /// <summary>A reader over the whole section.</summary>
    /// <exception cref="EngineFormatException">The section has more than 2 GiB.</exception>
    public BinarySectionReader Read() => new(View(0, Length), Name);

    /// <summary>The CRC-32C of a range, which lies inside; null if the bytes cannot be read (any more). Packed weights become resident: kernels read most of them as they are, and few others.</summary>
    internal uint? Checksum(long offset, int length) => _bytes.Checksum(Offset + offset, length, Id == SectionId.PackedWeights);

    internal static string NameOf(SectionId id) => Enum.IsDefined(id) ? id.ToString() : $"number {(uint)id}";
}
