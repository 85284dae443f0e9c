using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>When <see cref="EngineContainerReader"/> checks the chunk hashes of bulk sections.</summary>
public enum BulkVerification
{
    /// <summary>Before the file counts as open.</summary>
    OnOpen,
    /// <summary>On other threads, while the caller goes on; await <see cref="EngineContainerReader.Verification"/> before the first run.</summary>
    InBackground,
}

/// <summary>
/// Opens engine files as <see cref="EngineFormat"/> specifies. A file that is truncated, altered, foreign or too new gives one
/// <see cref="EngineFormatException"/>; lengths are checked against the file before anything is allocated for them.
/// </summary>
/// <remarks>
/// A mapped file must not be truncated by others while it is open; a file replaced by renaming, as <see cref="EngineContainerWriter"/> does it, is safe.
/// </remarks>
public sealed class EngineContainerReader : IDisposable
{
    private readonly EngineBytes _bytes;
    private readonly EngineSection[] _sections;
    private readonly CancellationTokenSource _abandonVerification;
    private bool _disposed;

    private EngineContainerReader(EngineBytes bytes, EngineSection[] sections, Task verification, CancellationTokenSource abandonVerification)
    {
        _abandonVerification = abandonVerification;
        _bytes = bytes;
        _sections = sections;
        Verification = verification;
    }

    /// <summary>The known sections, in file order.</summary>
    public IEnumerable<EngineSection> Sections => _sections.Where(s => Enum.IsDefined(s.Id));

    /// <summary>Ends when every byte has been checked; faults with <see cref="EngineFormatException"/>.</summary>
    public Task Verification { get; }

    /// <summary>Maps an engine file. Views of its sections keep the mapping alive until <see cref="Dispose"/>.</summary>
    /// <exception cref="EngineFormatException">The file is missing, unreadable, or not a sound engine file.</exception>
    public static EngineContainerReader Open(string path, BulkVerification verification = BulkVerification.OnOpen)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = $"\"{path}\"";
        try
        {
            FileInfo info = new(path);
            if (!info.Exists)
            {
                throw new EngineFormatException(Directory.Exists(path) ? $"{name} is a folder, not an engine file." : $"The engine file {name} does not exist.");
            }

            // Pipes and devices have no length, and opening a pipe would wait for its writer.
            if (info.Length == 0)
            {
                throw new EngineFormatException($"{name} is empty; it is not an engine file.");
            }

            SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            try
            {
                CheckHeader(ReadStart(file), RandomAccess.GetLength(file), name);
            }
            catch
            {
                file.Dispose();
                throw;
            }

            return Open(EngineBytes.Map(file), name, verification);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new EngineFormatException($"The engine file {name} cannot be read: {problem.Message}", problem);
        }
    }

    /// <summary>Opens an engine that is in memory. The bytes are not copied and must not change.</summary>
    /// <exception cref="EngineFormatException">They are not a sound engine file.</exception>
    public static EngineContainerReader Open(Memory<byte> bytes, BulkVerification verification = BulkVerification.OnOpen)
    {
        const string Name = "The data";
        CheckHeader(bytes.Span[..Math.Min(bytes.Length, EngineFormat.HeaderSize)], bytes.Length, Name);
        return Open(EngineBytes.Of(bytes), Name, verification);
    }

    /// <summary>Reads an engine of less than 2 GiB from the stream's position to its end; larger ones are opened by path.</summary>
    /// <exception cref="EngineFormatException">The stream fails, or does not hold a sound engine file.</exception>
    public static EngineContainerReader Open(Stream stream, BulkVerification verification = BulkVerification.OnOpen)
    {
        const string Name = "The stream";
        try
        {
            byte[] start = new byte[EngineFormat.HeaderSize];
            int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            long announced = CheckHeader(start.AsSpan(0, read), knownLength: null, Name);
            if (announced > Array.MaxLength)
            {
                throw new EngineFormatException($"{Name} announces an engine of {announced} bytes, too large to be read into memory; open it by its path.");
            }

            // Grows with what really arrives: the announced length is not to be trusted with an allocation. One byte more tells of a tail.
            using MemoryStream content = new();
            content.Write(start);
            byte[] buffer = new byte[1 << 16];
            int count;
            while (content.Length <= announced && (count = stream.Read(buffer)) > 0)
            {
                content.Write(buffer, 0, count);
            }

            return Open(content.GetBuffer().AsMemory(0, (int)content.Length), verification);
        }
        catch (IOException problem)
        {
            throw new EngineFormatException($"The engine cannot be read from its stream: {problem.Message}", problem);
        }
    }

    /// <summary>The section with the given id, or null if the file has none.</summary>
    public EngineSection? Find(SectionId id) => Array.Find(_sections, s => s.Id == id);

    /// <exception cref="EngineFormatException">The file has no such section.</exception>
    public EngineSection Require(SectionId id) =>
        Find(id) ?? throw new EngineFormatException($"The engine has no section \"{EngineSection.NameOf(id)}\". Build the engine again.");

    /// <summary>Releases the file. Spans of its views must not be used any more; views that are pinned stay valid until they are released.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        // The check in the background reads the mapping.
        _abandonVerification.Cancel();
        ((IAsyncResult)Verification).AsyncWaitHandle.WaitOne();
        _abandonVerification.Dispose();
        _bytes.Dispose();
    }

    private static byte[] ReadStart(SafeFileHandle file)
    {
        byte[] start = new byte[EngineFormat.HeaderSize];
        int count = 0;
        while (count < start.Length && RandomAccess.Read(file, start.AsSpan(count), count) is > 0 and int read)
        {
            count += read;
        }

        return start[..count];
    }

    private static EngineContainerReader Open(EngineBytes bytes, string name, BulkVerification when)
    {
        try
        {
            SectionTable table = SectionTable.Read(bytes, name);
            ChunkVerifier.VerifyHeader(bytes, table, name);
            CancellationTokenSource abandon = new();
            Task verification = Task.CompletedTask;
            if (when == BulkVerification.OnOpen)
            {
                ChunkVerifier.VerifyBulk(table, name, CancellationToken.None);
            }
            else
            {
                verification = Task.Run(() => ChunkVerifier.VerifyBulk(table, name, abandon.Token), CancellationToken.None);
            }

            return new EngineContainerReader(bytes, table.Sections, verification, abandon);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Checks what the first 64 bytes tell, and returns the announced length of the file.</summary>
    private static long CheckHeader(ReadOnlySpan<byte> header, long? knownLength, string name)
    {
        int comparable = Math.Min(header.Length, EngineFormat.Magic.Length);
        if (comparable == 0 || !header[..comparable].SequenceEqual(EngineFormat.Magic[..comparable]))
        {
            throw new EngineFormatException($"{name} is not an engine file: it does not begin with \"PEREGRIN\".");
        }

        if (header.Length >= 12)
        {
            ushort version = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
            ushort minimumReader = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
            if (minimumReader > EngineFormat.Version)
            {
                throw new EngineFormatException(
                    $"{name} has format version {version} and needs a reader of version {minimumReader}; this one is version {EngineFormat.Version}. Update Peregrine, or build the engine again.");
            }

            if (minimumReader == 0 || version < minimumReader)
            {
                throw Damaged(name, "its header has an impossible version");
            }
        }

        if (header.Length < EngineFormat.HeaderSize)
        {
            throw new EngineFormatException($"{name} is truncated: it ends at byte {header.Length}, inside the header.");
        }

        long announced = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        if (announced < EngineFormat.HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != 0 || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != 0)
        {
            throw Damaged(name, "its header has been altered");
        }

        if (knownLength < announced)
        {
            throw new EngineFormatException($"{name} is truncated: it ends at byte {knownLength} of {announced}.");
        }

        return knownLength > announced
            ? throw Damaged(name, $"{knownLength - announced} bytes follow behind its end")
            : announced;
    }

    internal static EngineFormatException Damaged(string name, string how) =>
        new($"{name} is damaged: {how}. Copy it again from its origin, or build the engine again.");
}
