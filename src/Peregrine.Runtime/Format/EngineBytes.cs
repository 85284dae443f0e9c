using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Peregrine.Runtime.Memory;

namespace Peregrine.Runtime.Format;

/// <summary>The bytes of an engine file, in the managed heap or mapped from disk.</summary>
internal abstract partial class EngineBytes : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Part of the bytes; the caller has checked that it lies inside.</summary>
    public abstract Memory<byte> View(long offset, int length);

    /// <summary>Tells that the range, which lies inside, is about to be read from end to end.</summary>
    public virtual void Prefetch(long offset, int length)
    {
    }

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

    private sealed unsafe partial class Mapped : EngineBytes
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

        // One call maps all pages of the range; otherwise the reader faults on every sixteenth page, which takes longer than hashing it.
        public override void Prefetch(long offset, int length)
        {
            if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64)
            {
                const int PopulateRead = 22;
                nint first = (nint)(_start + offset) & -(nint)Environment.SystemPageSize;
                // Only advice: kernels before 5.14 refuse it, and the pages come one by one.
                _ = Advise(first, (nuint)((nint)(_start + offset) + length - first), PopulateRead);
            }
        }

        public override void Dispose() => _accessor.Dispose();

        [LibraryImport("libc", EntryPoint = "madvise")]
        private static partial int Advise(nint address, nuint length, int advice);
    }
}
