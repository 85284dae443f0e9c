using System.IO.MemoryMappedFiles;
using Peregrine.Runtime.Memory;

namespace Peregrine.Runtime.Format;

/// <summary>The bytes of an engine file, in the managed heap or mapped from disk.</summary>
internal abstract class EngineBytes : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Part of the bytes; the caller has checked that it lies inside.</summary>
    public abstract Memory<byte> View(long offset, int length);

    public abstract void Dispose();

    public static EngineBytes Of(Memory<byte> bytes) => new Heap(bytes);

    /// <summary>
    /// Maps a file that is not empty. The mapping is private: a stray write would change this process's copy of the page, never the file.
    /// It is released by <see cref="Dispose"/>, or with the last view of it.
    /// </summary>
    public static EngineBytes Map(FileStream file) => new Mapped(file);

    private sealed class Heap(Memory<byte> bytes) : EngineBytes
    {
        public override long Length => bytes.Length;

        public override Memory<byte> View(long offset, int length) => bytes.Slice((int)offset, length);

        public override void Dispose()
        {
        }
    }

    private sealed unsafe class Mapped : EngineBytes
    {
        private readonly MemoryMappedViewAccessor _accessor;
        private readonly byte* _start;

        public Mapped(FileStream file)
        {
            Length = file.Length;
            using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
                file, mapName: null, Length, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: true);
            _accessor = mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.CopyOnWrite);
            // Safe: the address stays valid as long as the view handle is open, which each NativeMemoryView holds.
            _start = (byte*)_accessor.SafeMemoryMappedViewHandle.DangerousGetHandle() + _accessor.PointerOffset;
        }

        public override long Length { get; }

        public override Memory<byte> View(long offset, int length) =>
            new NativeMemoryView(_accessor.SafeMemoryMappedViewHandle, _start + offset, length).Memory;

        public override void Dispose() => _accessor.Dispose();
    }
}
