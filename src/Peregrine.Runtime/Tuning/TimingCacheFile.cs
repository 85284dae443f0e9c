using System.Buffers;
using Peregrine.Runtime.Format;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Reads the file of a timing cache. The one that was read last is remembered: a process that builds many engines reads the same file again and again, and what has come since then stands at its
/// end, because saving appends. Thread-safe.
/// </summary>
internal static class TimingCacheFile
{
    private static readonly Lock Gate = new();
    private static Remembered? s_last;

    /// <summary>What a file holds. What is unchanged since this process has read it last is not read again.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TimingCacheText.Content Read(string path)
    {
        string full = Path.GetFullPath(path);
        using FileStream stream = new(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        lock (Gate)
        {
            Remembered? known = s_last is { } last && last.Path == full && last.Length <= stream.Length && Checksum(stream, last.Length) == last.Checksum ? last : null;
            stream.Position = known?.Length ?? 0;
            byte[] rest = new byte[Math.Clamp(stream.Length - stream.Position, 0, TimingCacheText.MaxBytes)];
            Array.Resize(ref rest, stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false));
            TimingCacheText.Content content = TimingCacheText.Read(rest, known?.Content);
            // A line without an end is being written just now, or was left by somebody who was interrupted: it is read anew the next time.
            if (rest is [.., (byte)'\n'])
            {
                s_last = new(full, (known?.Length ?? 0) + rest.Length, Crc32C.Append(known?.Checksum ?? 0, rest), content);
            }

            return content;
        }
    }

    private static uint Checksum(FileStream stream, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        uint checksum = 0;
        while (length > 0 && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, length)) is > 0 and int read)
        {
            checksum = Crc32C.Append(checksum, buffer.AsSpan(0, read));
            length -= read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return checksum;
    }

    /// <param name="Length">Bytes that were read: whole lines.</param>
    /// <param name="Checksum">Of these bytes.</param>
    private sealed record Remembered(string Path, long Length, uint Checksum, TimingCacheText.Content Content);
}
