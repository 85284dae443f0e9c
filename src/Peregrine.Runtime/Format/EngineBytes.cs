using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using Peregrine.Runtime.Memory;

namespace Peregrine.Runtime.Format;

/// <summary>The bytes of an engine file, in the managed heap or mapped from disk.</summary>
internal abstract class EngineBytes : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Part of the bytes; the caller has checked that it lies inside.</summary>
    public abstract Memory<byte> View(long offset, int length);

    /// <summary>The CRC-32C of a range, which lies inside; null if the bytes cannot be read (any more).</summary>
    /// <param name="stays">Whether the bytes will be read through their views: then they are made resident at once. Otherwise they don't become so.</param>
    public abstract uint? Checksum(long offset, int length, bool stays);

    public abstract void Dispose();

    public static EngineBytes Of(Memory<byte> bytes) => new Heap(bytes);

    /// <summary>
    /// Maps a file that is not empty. The mapping is private: a stray write would change this process's copy of the page, never the file.
    /// It is released by <see cref="Dispose"/>, or with the last view of it. The file is closed by <see cref="Dispose"/>, or here if it cannot be mapped.
    /// </summary>
    public static EngineBytes Map(SafeFileHandle file) => new Mapped(file);

    private sealed class Heap(Memory<byte> bytes) : EngineBytes
    {
        public override long Length => bytes.Length;

        public override Memory<byte> View(long offset, int length) => bytes.Slice((int)offset, length);

        public override uint? Checksum(long offset, int length, bool stays) => Crc32C.Compute(bytes.Span.Slice((int)offset, length));

        public override void Dispose()
        {
        }
    }

    private sealed unsafe class Mapped : EngineBytes
    {
        private const int PieceSize = 64 << 10;
        [ThreadStatic]
        private static byte[]? s_piece;

        private readonly SafeFileHandle _file;
        private readonly MemoryMappedViewAccessor _accessor;
        private readonly byte* _start;

        public Mapped(SafeFileHandle file)
        {
            _file = file;
            try
            {
                Length = RandomAccess.GetLength(file);
                using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
                    file, mapName: null, Length, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: true);
                _accessor = mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.CopyOnWrite);
            }
            catch
            {
                file.Dispose();
                throw;
            }

            // Safe: the address stays valid as long as the view handle is open, which each NativeMemoryView holds.
            _start = (byte*)_accessor.SafeMemoryMappedViewHandle.DangerousGetHandle() + _accessor.PointerOffset;
            MappedPages.PreferLarge(_start, (nint)Length);
        }

        public override long Length { get; }

        public override Memory<byte> View(long offset, int length) =>
            new MappedMemoryView(_accessor.SafeMemoryMappedViewHandle, _start + offset, length).Memory;

        public override uint? Checksum(long offset, int length, bool stays)
        {
            if (stays && MappedPages.Prefetch(_start + offset, length))
            {
                // Safe: the range lies inside, and its pages have just been found.
                return Crc32C.Compute(new ReadOnlySpan<byte>(_start + offset, length));
            }

            // Read in pieces that stay in the cache, not through the mapping: that would make the whole file resident for one look at it.
            byte[] piece = s_piece ??= GC.AllocateUninitializedArray<byte>(PieceSize);
            uint checksum = 0;
            try
            {
                while (length > 0)
                {
                    int read = RandomAccess.Read(_file, piece.AsSpan(0, Math.Min(length, PieceSize)), offset);
                    if (read == 0)
                    {
                        return null;
                    }

                    checksum = Crc32C.Append(checksum, piece.AsSpan(0, read));
                    offset += read;
                    length -= read;
                }
            }
            catch (IOException)
            {
                return null;
            }

            return checksum;
        }

        public override void Dispose()
        {
            _accessor.Dispose();
            _file.Dispose();
        }
    }
}
