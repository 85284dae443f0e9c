using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Peregrine.Diagnostics;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// A file mapped read-only into the address space; unmapped when nothing refers to it any more. Files up to <see cref="SmallFile"/> bytes are read instead:
/// that is cheaper than a mapping. The file must not be truncated while it is mapped: the operating system ends a process that reads beyond the new end.
/// </summary>
public sealed unsafe class MappedFile : ByteSource
{
    /// <summary>Up to this many bytes a file is read into memory instead of being mapped.</summary>
    public const int SmallFile = 256 * 1024;

    // The view's handle unmaps in its finalizer, which cannot run while this object or one of its slices is reachable.
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    private MappedFile(string path, FileStream file, long length)
        : base(path)
    {
        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        // Undone at once: only finalization may release the handle, and a held count would prevent it for ever.
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _start = start + _view.PointerOffset;
        Length = length;
    }

    public override long Length { get; }

    // Safe: the mapping covers Length bytes and lives as long as this object; readers keep the object alive until they are done.
    internal override ref byte Start => ref Unsafe.AsRef<byte>(_start);

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="ModelException">PG1010: the file does not exist or cannot be read.</exception>
    public static ByteSource Open(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw Unreadable(path, "it is a folder");
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long length = file.Length;
            if (length > SmallFile)
            {
                return new MappedFile(path, file, length);
            }

            byte[] bytes = new byte[length];
            file.ReadExactly(bytes);
            return Of(bytes, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable(path, "it does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Unreadable(path, e.Message.TrimEnd('.'));
        }
    }

    private static ModelException Unreadable(string path, string reason) =>
        new(Diagnostic.Error("PG1010", $"The file \"{path}\" cannot be read: {reason}.", suggestion: "Check the path and the permissions."));

    private protected override Memory<byte> SliceCore(long offset, int length) => new View(this, offset, length).Memory;

    private sealed class View(MappedFile file, long offset, int length) : MemoryManager<byte>
    {
        // Safe: Slice checked the range, and this object holds the file and thereby the mapping.
        public override Span<byte> GetSpan() => new(file._start + offset, length);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length);
            // The memory does not move; the handle's reference to this object keeps it mapped.
            return new(file._start + offset + elementIndex, default, this);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
