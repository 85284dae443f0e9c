namespace Peregrine.Runtime.Format;

/// <summary>
/// The engine file, version 3. All numbers are little-endian.
/// <code>
/// header, 64 bytes
///   0  magic            8 bytes "PEREGRIN"
///   8  format version   u16     version of the writer, 1 or more
///  10  minimum reader   u16     the oldest reader that understands the file, at most the format version
///  12  flags            u32     0
///  16  section count    u32     at most 256
///  20  reserved         u32     0
///  24  file length      u64     of the whole file
///  32  header hash      32 bytes, SHA-256, see below
/// section table, at 64: one entry of 32 bytes per section
///   0  id               u32     see <see cref="SectionId"/>; every id at most once
///   4  flags            u32     bit 0 required: a reader that does not know the id must refuse the file
///                               bit 1 bulk: hashed in chunks only, left out of the header hash
///   8  offset           u64     from the start of the file, a multiple of 64
///  16  length           u64
///  24  chunk count      u32     length / 1 MiB, rounded up
///  28  reserved         u32     0
/// chunk hashes, right behind the table: u32 per chunk of 1 MiB (the last of a section may be shorter), sections in table order;
///   each is the CRC-32C (Castagnoli, reflected, initial and final complement) of the chunk's bytes
/// sections, in table order: each begins at the first multiple of 64 at or behind the end of what precedes it; the gap is zero bytes;
///   the file ends with the last byte of the last section (or of the chunk hashes, if there are no sections)
/// </code>
/// The header hash is taken over, in this order: the bytes of every section that is not bulk, in table order; bytes 0 to 31 of the header;
/// everything from the section table to the end of the chunk hashes. (Content first, so that a writer needs one pass.) Sections are placed without freedom and gaps must be zero, so every byte of the file
/// is covered by the header hash, by a chunk hash or by a rule.
/// <para>
/// A reader refuses a file whose magic, lengths, rules or hashes do not hold, whose minimum reader is above its own version, or that has an
/// unknown required section; it skips unknown optional sections (after checking their hashes). Later versions may add sections; they raise
/// the minimum reader when an old reader would misread the file. The first 12 bytes keep their meaning for ever.
/// </para>
/// <para>
/// Version 2: slots of a plan may be parts of others (<see cref="Planning.SlotKind.Part"/>, with axis and start behind the other fields), and storage of a padded inner dimension ends with its
/// last element. Files of version 1 have no such slots and are read as before.
/// </para>
/// <para>
/// Version 3: weights may stand packed, as the kernels of the machine that built the engine want them (<see cref="PackedWeights"/>). Those that can be unpacked are in the file in that form alone: their
/// tensors' places are numbered behind the blobs of <see cref="SectionId.Weights"/>. Others are copies, which a reader may pass over.
/// </para>
/// The content of structured sections is written with <see cref="BinarySectionWriter"/>. A file holds data only, never machine code.
/// </summary>
public static class EngineFormat
{
    /// <summary>The version written by this program and the newest it reads.</summary>
    public const ushort Version = 3;

    /// <summary>The minimum reader stated in files written by this program.</summary>
    public const ushort MinimumReader = 3;

    /// <summary>Sections, and weights inside them, begin at multiples of this many bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Bytes that share one chunk hash.</summary>
    public const int ChunkSize = 1 << 20;

    /// <summary>No file has more sections.</summary>
    public const int MaximumSections = 256;

    internal const int HeaderSize = 64;
    internal const int EntrySize = 32;
    internal const int HeaderHashOffset = 32;
    internal const int HeaderHashSize = 32;

    internal static ReadOnlySpan<byte> Magic => "PEREGRIN"u8;

    internal static long ChunkCount(long length) => length / ChunkSize + (length % ChunkSize == 0 ? 0 : 1);

    internal static long Align(long offset) => checked(offset + Alignment - 1) & -Alignment;
}
