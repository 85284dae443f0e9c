using System.Security.Cryptography;

namespace Peregrine.Runtime.Format;

/// <summary>Passes a section's bytes on to the file, hashes them and holds the producer to the length it announced.</summary>
internal sealed class SectionStream(
    Stream target, EngineContainerWriter.PendingSection section, IncrementalHash? headerHash, CancellationToken cancellationToken) : Stream
{
    private uint _chunkHash;
    private int _chunkFill;
    private long _written;

    public List<uint> ChunkHashes { get; } = [];

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > section.Length - _written)
        {
            throw new InvalidOperationException($"Section {section.Id} was announced with {section.Length} bytes but more were written.");
        }

        while (buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> part = buffer[..Math.Min(buffer.Length, EngineFormat.ChunkSize - _chunkFill)];
            buffer = buffer[part.Length..];
            target.Write(part);
            headerHash?.AppendData(part);
            _chunkHash = Crc32C.Append(_chunkHash, part);
            _chunkFill += part.Length;
            _written += part.Length;
            if (_chunkFill == EngineFormat.ChunkSize)
            {
                CloseChunk();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    /// <summary>Call behind the last byte.</summary>
    public void Complete()
    {
        if (_written != section.Length)
        {
            throw new InvalidOperationException($"Section {section.Id} was announced with {section.Length} bytes but {_written} were written.");
        }

        if (_chunkFill > 0)
        {
            CloseChunk();
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void CloseChunk()
    {
        ChunkHashes.Add(_chunkHash);
        _chunkHash = 0;
        _chunkFill = 0;
    }
}
