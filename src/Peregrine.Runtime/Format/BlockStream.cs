namespace Peregrine.Runtime.Format;

/// <summary>
/// Writes a file in whole blocks at multiples of <see cref="BlockSize"/>. Linux then keeps it in its cache in large pages, and whoever maps it needs an entry in his page table per 2 MiB
/// instead of one per 4 KiB; a file written in pieces as they come costs its readers several times as long as hashing it.
/// </summary>
internal sealed class BlockStream(Stream file) : Stream
{
    /// <summary>A large page of x86-64 and of ARM64.</summary>
    public const int BlockSize = 2 << 20;

    private readonly byte[] _block = GC.AllocateUninitializedArray<byte>(BlockSize);

    // The bytes of the block that wait for it to be full, and where they belong.
    private int _first, _end;
    private long _blockStart;

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => Math.Max(file.Length, _end > _first ? _blockStart + _end : 0);

    public override long Position
    {
        get => _blockStart + _end;
        set
        {
            Flush();
            Begin(value);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count = Math.Min(buffer.Length, BlockSize - _end);
            buffer[..count].CopyTo(_block.AsSpan(_end));
            _end += count;
            buffer = buffer[count..];
            if (_end == BlockSize)
            {
                Flush();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    /// <summary>Hands everything over to the system.</summary>
    public override void Flush()
    {
        if (_end > _first)
        {
            file.Position = _blockStart + _first;
            file.Write(_block.AsSpan(_first, _end - _first));
        }

        Begin(_blockStart + _end);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Begin(long position)
    {
        _first = _end = (int)(position % BlockSize);
        _blockStart = position - _first;
    }
}
