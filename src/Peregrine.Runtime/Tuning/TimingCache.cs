using System.Diagnostics.CodeAnalysis;
using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>What a timing cache knows of a candidate: its time, or why it was found to be wrong.</summary>
public abstract record TimingEntry
{
    /// <summary>It is right, and so fast.</summary>
    /// <param name="Seconds">Per call, above 0: the lower quartile of what was measured.</param>
    public sealed record Time(double Seconds) : TimingEntry;

    /// <summary>It is wrong.</summary>
    /// <param name="Reason">The end of a sentence that begins with the kernel.</param>
    public sealed record Rejection(string Reason) : TimingEntry;

    private TimingEntry()
    {
    }
}

/// <summary>
/// The results of all candidates that were ever tried, by device, request, tactic and option: what makes a second build quick. It lives in a text file of one JSON object per line (see
/// <see cref="TimingCacheText"/>), which can be read, edited, and merged by concatenation. Whatever in it is foreign, damaged or of another version of a tactic is passed over and counted. Saving appends
/// what is new; a file with damaged lines, or with more superseded lines than others, is written anew. Thread-safe.
/// </summary>
public sealed class TimingCache
{
    // Below this it does not matter how many lines are superseded.
    private const int FewLines = 1000;

    private readonly Lock _gate = new();
    // What was tried since the last time of saving, and the names for it; entries of a cache without a file stay here.
    private readonly Dictionary<TimingKey, StampedEntry> _changed = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private TimingCacheText.Content? _file;
    private int _mismatched;

    /// <summary>An empty cache without a file.</summary>
    public TimingCache()
    {
    }

    private TimingCache(string path) => Path = path;

    /// <summary>The file; null for a cache in memory.</summary>
    public string? Path { get; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return (_file?.Entries.Count ?? 0) + _changed.Keys.Count(k => _file?.Entries.ContainsKey(k) != true);
            }
        }
    }

    /// <summary>Lines of the file that were passed over because they make no sense.</summary>
    public int Damaged { get; private set; }

    /// <summary>Entries that were asked for, but belong to another version or another build of their tactic.</summary>
    public int Mismatched => Volatile.Read(ref _mismatched);

    /// <summary>Why the file could not be read or saved; null if all went well.</summary>
    public string? Problem { get; private set; }

    /// <summary>Opens a cache; a file that does not exist is made by <see cref="Save"/>. Never fails: a file that is none is left alone and told by <see cref="Problem"/>.</summary>
    public static TimingCache Open(string path)
    {
        TimingCache cache = new(path);
        cache._file = cache.ReadFile();
        cache.Damaged = cache._file?.Damaged ?? 0;
        return cache;
    }

    /// <summary>The cache in the user's cache folder (<see cref="Knobs.CacheFolder"/>), or null if it is switched off.</summary>
    public static TimingCache? OpenDefault() => Knobs.CacheFolder is { } folder ? Open(System.IO.Path.Combine(folder, "timing.cache")) : null;

    /// <summary>Finds what is known of a candidate.</summary>
    /// <param name="build">Tells builds of a tactic's code apart; entries of another build do not count.</param>
    internal bool TryGet(TimingKey key, TacticId tactic, string build, [NotNullWhen(true)] out TimingEntry? entry)
    {
        lock (_gate)
        {
            entry = null;
            if (!_changed.TryGetValue(key, out StampedEntry? found) && _file?.Entries.TryGetValue(key, out found) != true)
            {
                return false;
            }

            if (found!.Version != tactic.Version || found.Build != build)
            {
                _mismatched++;
                return false;
            }

            entry = found.Entry;
            return true;
        }
    }

    internal void Put(TimingKey key, TacticId tactic, string build, TimingEntry entry)
    {
        lock (_gate)
        {
            _changed[key] = new(tactic.Version, build, entry);
        }
    }

    /// <summary>Remembers for what a device's or a request's key stands; for people who read the file.</summary>
    internal void Name(string key, string text)
    {
        lock (_gate)
        {
            _names[key] = text;
        }
    }

    /// <summary>A short key of a long text: 128 bits of its SHA-256.</summary>
    internal static string KeyOf(string text) => Convert.ToHexStringLower(Sha256.Of(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    /// <summary>Saves what is new; what other processes have saved meanwhile stays. False if the file cannot be written; <see cref="Problem"/> tells why.</summary>
    public bool Save()
    {
        lock (_gate)
        {
            if (Path is null || _changed.Count == 0)
            {
                return true;
            }

            if (Problem is not null)
            {
                return false;
            }

            try
            {
                if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path)) is { Length: > 0 } folder)
                {
                    Directory.CreateDirectory(folder);
                }

                using FileStream? alone = Lock(Path + ".lock");
                if (_file is null || IsWorn(_file) || !TryAppend(_file))
                {
                    _file = ReadFile();
                    if (Problem is not null)
                    {
                        return false;
                    }

                    WriteAnew();
                }

                _file = _file is { } file ? file with { Entries = file.Entries.SetItems(_changed), Names = file.Names.SetItems(_names) } : ReadFile();
                _changed.Clear();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PeregrineException or ArgumentException or NotSupportedException)
            {
                Problem = $"The timing cache \"{Path}\" could not be saved: {e.Message}";
                return false;
            }
        }
    }

    private void WriteAnew()
    {
        Dictionary<TimingKey, StampedEntry> entries = new(_file?.Entries ?? []);
        Dictionary<string, string> names = new(_file?.Names ?? [], StringComparer.Ordinal);
        foreach ((TimingKey key, StampedEntry entry) in _changed)
        {
            entries[key] = entry;
        }

        foreach ((string key, string text) in _names)
        {
            names.TryAdd(key, text);
        }

        AtomicFile.Write(Path!, stream => TimingCacheText.Write(stream, entries, names));
    }

    private static bool IsWorn(TimingCacheText.Content file) => file.Damaged > 0 || file.Superseded > Math.Max(FewLines, file.Entries.Count);

    /// <summary>One write at the end of the file: readers see whole lines, or a last one without its end. False if it is no cache any more.</summary>
    private bool TryAppend(TimingCacheText.Content file)
    {
        if (!File.Exists(Path))
        {
            return false;
        }

        using MemoryStream lines = new();
        using FileStream stream = new(Path!, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (!TimingCacheText.IsCache(stream))
        {
            return false;
        }

        stream.Seek(-1, SeekOrigin.End);
        if (stream.ReadByte() != '\n')
        {
            // Somebody has edited it.
            lines.WriteByte((byte)'\n');
        }

        TimingCacheText.WriteLines(lines, _changed, _names.Where(n => !file.Names.ContainsKey(n.Key)).ToDictionary(StringComparer.Ordinal));
        stream.Write(lines.GetBuffer(), 0, (int)lines.Length);
        return true;
    }

    /// <summary>Waits until no other process saves; goes on without after a while, as saving replaces the file as a whole anyway.</summary>
    private static FileStream? Lock(string path)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                return new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                using ManualResetEventSlim never = new();
                never.Wait(20);
            }
        }

        return null;
    }

    private TimingCacheText.Content? ReadFile()
    {
        try
        {
            if (!File.Exists(Path!))
            {
                if (Directory.Exists(Path!))
                {
                    Problem = $"\"{Path}\" is a folder; the timing cache is a file.";
                }

                return null;
            }

            long length = new FileInfo(Path!).Length;
            if (length > TimingCacheText.MaxBytes)
            {
                Problem = $"\"{Path}\" is too large for a timing cache; it is passed over and left alone.";
                return null;
            }

            if (length == 0)
            {
                return null;
            }

            TimingCacheText.Content content = TimingCacheFile.Read(Path!);
            if (!content.IsCache)
            {
                Problem = $"\"{Path}\" is no timing cache of this version; it is passed over and left alone.";
                return null;
            }

            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Problem = $"The timing cache \"{Path}\" could not be read: {e.Message}";
            return null;
        }
    }
}

/// <summary>Under what an entry is kept.</summary>
/// <param name="Device">Key of the device's fingerprint.</param>
/// <param name="Request">Key of the request and its extents.</param>
/// <param name="Tactic">Its name, without the version.</param>
internal readonly record struct TimingKey(string Device, string Request, string Tactic, string Option);

/// <summary>An entry, and by which code it was made.</summary>
internal sealed record StampedEntry(int Version, string Build, TimingEntry Entry);
