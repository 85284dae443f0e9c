using System.Buffers.Binary;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>The section table of an engine file, checked against the rules of <see cref="EngineFormat"/>; hashes are not checked here.</summary>
internal sealed class SectionTable
{
    private readonly uint[] _hashes;

    private SectionTable(EngineSection[] sections, int[] firstHash, uint[] hashes, int frontLength)
    {
        Sections = sections;
        FirstHash = firstHash;
        _hashes = hashes;
        FrontLength = frontLength;
    }

    public EngineSection[] Sections { get; }

    /// <summary>Index of each section's first chunk hash among all chunk hashes.</summary>
    public int[] FirstHash { get; }

    /// <summary>Bytes from the start of the file to the end of the chunk hashes.</summary>
    public int FrontLength { get; }

    public static SectionTable Read(EngineBytes bytes, string name)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.View(0, EngineFormat.HeaderSize).Span[16..]);
        if (count > EngineFormat.MaximumSections || EngineFormat.HeaderSize + count * EngineFormat.EntrySize > bytes.Length)
        {
            throw EngineContainerReader.Damaged(name, $"its header announces {count} sections, more than it can hold");
        }

        EngineSection[] sections = new EngineSection[count];
        int[] firstHash = new int[count];
        ReadOnlySpan<byte> entries = bytes.View(EngineFormat.HeaderSize, (int)count * EngineFormat.EntrySize).Span;
        long hashCount = 0;
        for (int i = 0; i < sections.Length; i++)
        {
            sections[i] = ReadEntry(entries.Slice(i * EngineFormat.EntrySize, EngineFormat.EntrySize), bytes, name);
            firstHash[i] = (int)hashCount;
            hashCount += EngineFormat.ChunkCount(sections[i].Length);
            // Each section fits the file, so this bounds the sum long before it could overflow.
            if (hashCount > bytes.Length / sizeof(uint))
            {
                throw EngineContainerReader.Damaged(name, "its sections are longer than the file");
            }
        }

        int hashesStart = EngineFormat.HeaderSize + sections.Length * EngineFormat.EntrySize;
        long end = hashesStart + hashCount * sizeof(uint);
        if (end > bytes.Length || end > int.MaxValue)
        {
            throw EngineContainerReader.Damaged(name, "its chunk hashes do not fit the file");
        }

        int frontLength = (int)end;
        foreach (EngineSection section in sections)
        {
            if (section.Offset != EngineFormat.Align(end))
            {
                throw EngineContainerReader.Damaged(name, $"section \"{section.Name}\" is not where it must be");
            }

            // Gaps are shorter than the alignment, and the offset was checked against the file.
            if (bytes.View(end, (int)(section.Offset - end)).Span.ContainsAnyExcept((byte)0))
            {
                throw EngineContainerReader.Damaged(name, $"the gap in front of section \"{section.Name}\" is not empty");
            }

            end = section.Offset + section.Length;
        }

        if (end != bytes.Length)
        {
            throw EngineContainerReader.Damaged(name, "it does not end with its last section");
        }

        CheckIdentities(sections, name);
        return new SectionTable(sections, firstHash, ReadHashes(bytes.View(hashesStart, frontLength - hashesStart).Span), frontLength);
    }

    private static EngineSection ReadEntry(ReadOnlySpan<byte> entry, EngineBytes bytes, string name)
    {
        SectionId id = (SectionId)BinaryPrimitives.ReadUInt32LittleEndian(entry);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
        uint chunkCount = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        bool inside = offset <= (ulong)bytes.Length && length <= (ulong)bytes.Length - offset;
        if (!inside || flags > (uint)(SectionTraits.Required | SectionTraits.Bulk) || chunkCount != EngineFormat.ChunkCount((long)length)
            || BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]) != 0)
        {
            throw EngineContainerReader.Damaged(name, $"the table's entry for section \"{EngineSection.NameOf(id)}\" is not valid");
        }

        return new EngineSection(bytes, id, (SectionTraits)flags, (long)offset, (long)length);
    }

    private static void CheckIdentities(EngineSection[] sections, string name)
    {
        HashSet<SectionId> seen = [];
        foreach (EngineSection section in sections)
        {
            if (!seen.Add(section.Id))
            {
                throw EngineContainerReader.Damaged(name, $"section \"{section.Name}\" occurs twice");
            }
        }
    }

    /// <summary>Refuses a sound file that asks for more than this program knows.</summary>
    public void CheckRequirements(string name)
    {
        EngineSection? unknown = Array.Find(Sections, s => (s.Traits & SectionTraits.Required) != 0 && !Enum.IsDefined(s.Id));
        if (unknown is not null)
        {
            throw new EngineFormatException($"{name} has a required section \"{unknown.Name}\" that this version of Peregrine does not know. Update Peregrine, or build the engine again.");
        }
    }

    public uint Hash(int index) => _hashes[index];

    private static uint[] ReadHashes(ReadOnlySpan<byte> bytes)
    {
        uint[] hashes = new uint[bytes.Length / sizeof(uint)];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);
        }

        return hashes;
    }
}
