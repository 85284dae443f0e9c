using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// The text of a timing cache: one JSON object per line, in any order but the first.
/// <code>
/// {"peregrine":"timing cache","version":1}
/// {"name":"KEY","text":"the device or the request that the key stands for"}
/// {"device":"KEY","request":"KEY","tactic":"cpu.gemm","version":1,"build":"…","option":"…","ms":0.125}
/// {"device":"KEY","request":"KEY","tactic":"cpu.gemm","version":1,"build":"…","option":"…","rejected":"gives NaN at [0,0], the reference 1"}
/// </code>
/// Of several entries for one candidate the last counts. Lines that make no sense are passed over and counted.
/// </summary>
internal static class TimingCacheText
{
    public const long MaxBytes = 64 << 20;

    private const string Kind = "timing cache";
    private const int Version = 1;

    // People read the names; nothing else does.
    private const int MaxName = 500;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a file holds.</summary>
    /// <param name="IsCache">Whether the first line says so.</param>
    /// <param name="Superseded">Lines whose candidate has a later one.</param>
    public sealed record Content(bool IsCache, int Damaged, int Superseded, ImmutableDictionary<TimingKey, StampedEntry> Entries, ImmutableDictionary<string, string> Names);

    /// <summary>Whether a file begins as caches do.</summary>
    public static bool IsCache(Stream stream)
    {
        Span<byte> first = stackalloc byte[256];
        first = first[..stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)];
        int end = first.IndexOf((byte)'\n');
        return IsHeader(Encoding.UTF8.GetString(end < 0 ? first : first[..end]));
    }

    /// <summary>Reads a file, or what stands in it behind the part that was read before.</summary>
    public static Content Read(byte[] bytes, Content? before)
    {
        using StreamReader reader = new(new MemoryStream(bytes, writable: false), Encoding.UTF8);
        before ??= new(IsHeader(reader.ReadLine()), 0, 0, ImmutableDictionary<TimingKey, StampedEntry>.Empty, ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));
        int damaged = before.Damaged, superseded = before.Superseded;
        ImmutableDictionary<TimingKey, StampedEntry>.Builder entries = before.Entries.ToBuilder();
        ImmutableDictionary<string, string>.Builder names = before.Names.ToBuilder();
        while (before.IsCache && reader.ReadLine() is { } line)
        {
            int known = entries.Count + names.Count;
            // Caches are merged by concatenation, so that the first line comes again.
            if (line.Length == 0)
            {
                continue;
            }

            if (!TakeLine(line, entries, names))
            {
                damaged += IsHeader(line) ? 0 : 1;
            }
            else if (entries.Count + names.Count == known)
            {
                superseded++;
            }
        }

        return before with { Damaged = damaged, Superseded = superseded, Entries = entries.ToImmutable(), Names = names.ToImmutable() };
    }

    /// <summary>A whole file.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<TimingKey, StampedEntry> entries, IReadOnlyDictionary<string, string> names)
    {
        WriteLine(stream, json =>
        {
            json.WriteString("peregrine", Kind);
            json.WriteNumber("version", Version);
        });
        WriteLines(stream, entries, names);
    }

    /// <summary>The lines of these entries, and of those of the names that they use.</summary>
    public static void WriteLines(Stream stream, IReadOnlyDictionary<TimingKey, StampedEntry> entries, IReadOnlyDictionary<string, string> names)
    {
        HashSet<string> used = new(entries.Keys.SelectMany(k => new[] { k.Device, k.Request }), StringComparer.Ordinal);
        foreach (string key in used.Where(names.ContainsKey).Order(StringComparer.Ordinal))
        {
            string text = names[key];
            WriteLine(stream, json =>
            {
                json.WriteString("name", key);
                json.WriteString("text", text.Length > MaxName ? text[..MaxName] + "…" : text);
            });
        }

        foreach ((TimingKey key, StampedEntry entry) in entries.OrderBy(e => e.Key.Device, StringComparer.Ordinal).ThenBy(e => e.Key.Request, StringComparer.Ordinal).ThenBy(e => e.Key.Tactic, StringComparer.Ordinal).ThenBy(e => e.Key.Option, StringComparer.Ordinal))
        {
            WriteLine(stream, json =>
            {
                json.WriteString("device", key.Device);
                json.WriteString("request", key.Request);
                json.WriteString("tactic", key.Tactic);
                json.WriteNumber("version", entry.Version);
                json.WriteString("build", entry.Build);
                json.WriteString("option", key.Option);
                switch (entry.Entry)
                {
                    case TimingEntry.Time time: json.WriteNumber("ms", 1000 * time.Seconds); break;
                    case TimingEntry.Rejection rejection: json.WriteString("rejected", rejection.Reason); break;
                }
            });
        }
    }

    private static void WriteLine(Stream stream, Action<Utf8JsonWriter> members)
    {
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    private static bool IsHeader(string? line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line ?? "");
            return Text(document.RootElement, "peregrine") == Kind && Number(document.RootElement, "version") == Version;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TakeLine(string line, ImmutableDictionary<TimingKey, StampedEntry>.Builder entries, ImmutableDictionary<string, string>.Builder names)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (Text(root, "name") is { } name && Text(root, "text") is { } text)
            {
                names[name] = text;
                return true;
            }

            if (Text(root, "device") is not { } device || Text(root, "request") is not { } request || Text(root, "tactic") is not { } tactic || Text(root, "option") is not { } option || Text(root, "build") is not { } build
                || Number(root, "version") is not (>= 0 and <= int.MaxValue and var version) || version != Math.Floor(version))
            {
                return false;
            }

            TimingEntry? entry = Text(root, "rejected") is { } reason ? new TimingEntry.Rejection(reason)
                : Number(root, "ms") is > 0 and < 1e12 and var milliseconds ? new TimingEntry.Time(milliseconds / 1000) : null;
            if (entry is not null)
            {
                entries[new(device, request, tactic, option)] = new((int)version, build, entry);
            }

            return entry is not null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A lone surrogate in an escaped string only shows when the string is read.
            return false;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : null;
}
