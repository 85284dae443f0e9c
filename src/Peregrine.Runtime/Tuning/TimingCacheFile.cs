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
        byte[] bytes = ReadBytes(full);
        lock (Gate)
        {
            Remembered? known = s_last is { } last && last.Path == full && last.Length <= bytes.Length && Crc32C.Compute(bytes.AsSpan(0, last.Length)) == last.Checksum ? last : null;
            TimingCacheText.Content content = TimingCacheText.Read(bytes.AsMemory(known?.Length ?? 0), known?.Content);
            // A line that has no end is being written just now, or was left by somebody who was interrupted: it is read anew the next time.
            int length = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            if (length == bytes.Length)
            {
                s_last = new(full, length, Crc32C.Compute(bytes), content);
            }

            return content;
        }
    }

    /// <summary>The whole file, though others may write it or replace it now.</summary>
    private static byte[] ReadBytes(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length > TimingCacheText.MaxBytes)
        {
            throw new IOException("it is too large.");
        }

        byte[] bytes = new byte[stream.Length];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    /// <param name="Length">Bytes that were read: whole lines.</param>
    /// <param name="Checksum">Of these bytes.</param>
    private sealed record Remembered(string Path, int Length, uint Checksum, TimingCacheText.Content Content);
}
