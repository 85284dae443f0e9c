using System.Buffers.Binary;
using System.Security.Cryptography;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Writes engine files as <see cref="EngineFormat"/> specifies. Sections are announced first, with their length, and streamed when the file
/// is written; the same sections always give the same bytes.
/// </summary>
public sealed class EngineContainerWriter
{
    private readonly List<PendingSection> _sections = [];

    /// <summary>Adds a section whose content is at hand; it must not change until the file is written.</summary>
    public void Add(SectionId id, SectionTraits traits, ReadOnlyMemory<byte> content) =>
        Add(id, traits, content.Length, target => target.Write(content.Span));

    /// <summary>Adds a section that is produced while the file is written.</summary>
    /// <param name="length">Exactly the number of bytes that <paramref name="produce"/> will write.</param>
    /// <param name="produce">Writes the content, once per file; it need not buffer.</param>
    public void Add(SectionId id, SectionTraits traits, long length, Action<Stream> produce)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(produce);
        if (_sections.Exists(s => s.Id == id))
        {
            throw new ArgumentException($"Section {id} was added before.", nameof(id));
        }

        if (_sections.Count == EngineFormat.MaximumSections)
        {
            throw new InvalidOperationException($"An engine file has at most {EngineFormat.MaximumSections} sections.");
        }

        _sections.Add(new PendingSection(id, traits, length, produce));
    }

    /// <summary>Writes the file beside its final place and renames it at the end: the target is either complete or untouched.</summary>
    /// <exception cref="EngineWriteException">The system refused: no space, no permission, no such folder.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public void Save(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string? temporary = null;
        try
        {
            string target = Path.GetFullPath(path);
            if (AtomicFile.IsDevice(target))
            {
                WriteToDevice(target, cancellationToken);
                return;
            }

            temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
            FileStreamOptions options = new()
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0, // Blocks come as they are to be written.
                PreallocationSize = Layout().FileLength, // A full disk is found here, not halfway.
            };
            using (FileStream file = new(temporary, options))
            {
                using (BlockStream blocks = new(file))
                {
                    Write(blocks, cancellationToken);
                    blocks.Flush();
                }

                file.Flush(flushToDisk: true);
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(temporary, target, overwrite: true);
            temporary = null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new EngineWriteException($"The engine could not be saved to \"{path}\": {problem.Message}", problem);
        }
        finally
        {
            if (temporary is not null)
            {
                DeleteQuietly(temporary);
            }
        }
    }

    private void WriteToDevice(string target, CancellationToken cancellationToken)
    {
        using FileStream device = new(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        if (!device.CanSeek)
        {
            throw new EngineWriteException($"The engine could not be saved to \"{target}\": it is a pipe or terminal. Save it to a file.");
        }

        Write(device, cancellationToken);
    }

    /// <summary>The whole file as an array.</summary>
    public byte[] ToArray()
    {
        using MemoryStream memory = new(checked((int)Layout().FileLength));
        Write(memory, CancellationToken.None);
        return memory.ToArray();
    }

    /// <summary>Writes the file at the start of an empty, seekable stream.</summary>
    public void Write(Stream target, CancellationToken cancellationToken = default)
    {
        if (!target.CanSeek || target.Position != 0 || target.Length != 0)
        {
            throw new ArgumentException("The stream must be seekable and empty.", nameof(target));
        }

        FileLayout layout = Layout();
        byte[] front = new byte[layout.FrontLength];
        using IncrementalHash headerHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        target.Write(front); // Reserved now, filled in at the end: chunk hashes are known only behind the content.
        int hashPosition = EngineFormat.HeaderSize + _sections.Count * EngineFormat.EntrySize;
        for (int i = 0; i < _sections.Count; i++)
        {
            PendingSection section = _sections[i];
            target.Write(new byte[layout.Offsets[i] - target.Position]);
            using SectionStream stream = new(target, section, (section.Traits & SectionTraits.Bulk) == 0 ? headerHash : null, cancellationToken);
            section.Produce(stream);
            stream.Complete();
            DescribeSection(front.AsSpan(EngineFormat.HeaderSize + i * EngineFormat.EntrySize), section, layout.Offsets[i]);
            foreach (uint hash in stream.ChunkHashes)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(hashPosition), hash);
                hashPosition += sizeof(uint);
            }
        }

        DescribeFile(front, layout.FileLength);
        headerHash.AppendData(front, 0, EngineFormat.HeaderHashOffset);
        headerHash.AppendData(front, EngineFormat.HeaderSize, front.Length - EngineFormat.HeaderSize);
        headerHash.GetHashAndReset().CopyTo(front.AsSpan(EngineFormat.HeaderHashOffset));
        target.Position = 0;
        target.Write(front);
        target.Position = layout.FileLength;
    }

    private FileLayout Layout()
    {
        long end = EngineFormat.HeaderSize + (long)_sections.Count * EngineFormat.EntrySize;
        foreach (PendingSection section in _sections)
        {
            end = checked(end + EngineFormat.ChunkCount(section.Length) * sizeof(uint));
        }

        int frontLength = checked((int)end);
        long[] offsets = new long[_sections.Count];
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = EngineFormat.Align(end);
            end = checked(offsets[i] + _sections[i].Length);
        }

        return new FileLayout(offsets, frontLength, end);
    }

    private void DescribeFile(Span<byte> header, long fileLength)
    {
        EngineFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], EngineFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[10..], EngineFormat.MinimumReader);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], (uint)_sections.Count);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], fileLength);
    }

    private static void DescribeSection(Span<byte> entry, PendingSection section, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)section.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], (uint)section.Traits);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], section.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], checked((uint)EngineFormat.ChunkCount(section.Length)));
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }

    internal sealed record PendingSection(SectionId Id, SectionTraits Traits, long Length, Action<Stream> Produce);

    private sealed class FileLayout(long[] offsets, int frontLength, long fileLength)
    {
        public long[] Offsets => offsets;

        public int FrontLength => frontLength;

        public long FileLength => fileLength;
    }
}
