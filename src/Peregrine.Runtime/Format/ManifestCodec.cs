using System.Text.Json;
using System.Text.Json.Serialization;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>
/// The manifest as JSON, which other programs can read too. Unknown members are passed over, so that later versions can add some. It is read by hand: a serializer takes longer to get ready than an
/// engine should take to load.
/// </summary>
internal static class ManifestCodec
{
    public static byte[] Write(EngineManifest manifest)
    {
        // Dictionaries have no order; a file must have one.
        SortedDictionary<string, IReadOnlyList<string>> declines = new(StringComparer.Ordinal);
        foreach ((string step, IReadOnlyList<string> reasons) in manifest.Declines)
        {
            declines.Add(step, reasons);
        }

        return JsonSerializer.SerializeToUtf8Bytes(manifest with { Declines = declines }, ManifestJson.Default.EngineManifest);
    }

    public static EngineManifest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            EngineManifest manifest = ReadManifest(ref reader);
            return reader.Read() ? throw new JsonException("something follows its end.") : manifest;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            throw new EngineFormatException($"The engine's section \"Manifest\" is not valid: {problem.Message} Build the engine again.", problem);
        }
    }

    private static EngineManifest ReadManifest(ref Utf8JsonReader reader)
    {
        string? model = null, builder = null, precision = null, device = null, deviceName = null, origin = null;
        int? level = null, sourceNodes = null;
        IReadOnlyList<string>? passes = null;
        IReadOnlyDictionary<string, IReadOnlyList<string>>? declines = null;
        Expect(ref reader, JsonTokenType.StartObject);
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (ReadName(ref reader, seen) is { } name)
        {
            switch (name)
            {
                case "model": model = ReadText(ref reader); break;
                case "builder": builder = ReadText(ref reader); break;
                case "precision": precision = ReadText(ref reader); break;
                case "device": device = ReadText(ref reader); break;
                case "deviceName": deviceName = ReadText(ref reader); break;
                case "origin": origin = ReadText(ref reader); break;
                case "level": level = ReadNumber(ref reader); break;
                case "sourceNodes": sourceNodes = ReadNumber(ref reader); break;
                case "passes": passes = ReadTexts(ref reader); break;
                case "declines": declines = ReadDeclines(ref reader); break;
                default: reader.Skip(); break;
            }
        }

        return new(
            model ?? throw Missing("model"),
            builder ?? throw Missing("builder"),
            precision ?? throw Missing("precision"),
            level ?? throw Missing("level"),
            device ?? throw Missing("device"),
            deviceName ?? throw Missing("deviceName"),
            sourceNodes ?? throw Missing("sourceNodes"),
            passes ?? throw Missing("passes"),
            declines ?? throw Missing("declines"),
            origin ?? "");
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadDeclines(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        Dictionary<string, IReadOnlyList<string>> declines = new(StringComparer.Ordinal);
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (ReadName(ref reader, seen) is { } step)
        {
            declines.Add(step, ReadTexts(ref reader));
        }

        return declines;
    }

    private static List<string> ReadTexts(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartArray);
        List<string> texts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            texts.Add(Text(ref reader));
        }

        return texts;
    }

    /// <summary>The next member's name; null at the end of the object.</summary>
    private static string? ReadName(ref Utf8JsonReader reader, HashSet<string> seen)
    {
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        string name = reader.GetString()!;
        return seen.Add(name) ? name : throw new JsonException($"\"{name}\" occurs twice.");
    }

    private static string ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        return Text(ref reader);
    }

    private static string Text(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException($"there is a {reader.TokenType} where a text should be.");

    private static int ReadNumber(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.Number);
        return reader.GetInt32();
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw new JsonException($"there is a {reader.TokenType} where a {type} should be.");
        }
    }

    private static JsonException Missing(string member) => new($"\"{member}\" is missing.");
}

/// <summary>Serialization code that is made at build time: trimming and ahead-of-time compilation stay possible.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(EngineManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
