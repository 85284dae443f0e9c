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
    public sealed record Content(bool IsCache, int Damaged, Dictionary<TimingKey, StampedEntry> Entries, Dictionary<string, string> Names);

    public static Content Read(Stream stream)
    {
        using StreamReader reader = new(stream, Encoding.UTF8);
        Content content = new(IsHeader(reader.ReadLine()), 0, [], new(StringComparer.Ordinal));
        int damaged = 0;
        while (content.IsCache && reader.ReadLine() is { } line)
        {
            // Caches are merged by concatenation, so that the first line comes again.
            if (line.Length > 0 && !TakeLine(line, content) && !IsHeader(line))
            {
                damaged++;
            }
        }

        return content with { Damaged = damaged };
    }

    public static void Write(Stream stream, IReadOnlyDictionary<TimingKey, StampedEntry> entries, IReadOnlyDictionary<string, string> names)
    {
        WriteLine(stream, json =>
        {
            json.WriteString("peregrine", Kind);
            json.WriteNumber("version", Version);
        });
        HashSet<string> used = new(entries.Keys.SelectMany(k => new[] { k.Device, k.Request }), StringComparer.Ordinal);
        foreach ((string key, string text) in names.Where(n => used.Contains(n.Key)).OrderBy(n => n.Key, StringComparer.Ordinal))
        {
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

    private static bool TakeLine(string line, Content content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (Text(root, "name") is { } name && Text(root, "text") is { } text)
            {
                content.Names[name] = text;
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
                content.Entries[new(device, request, tactic, option)] = new((int)version, build, entry);
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
