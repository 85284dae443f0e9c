using System.Text.Json;
using System.Text.Json.Serialization;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>The manifest as JSON, which other programs can read too. Unknown members are passed over, so that later versions can add some.</summary>
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
        EngineManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.EngineManifest);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new EngineFormatException($"The engine's section \"Manifest\" is not valid: {problem.Message} Build the engine again.", problem);
        }

        // The serializer checks the members, but not what lists hold.
        return manifest is not null && manifest.Passes.All(p => p is not null) && manifest.Declines.Values.All(r => r is not null && r.All(t => t is not null))
            ? manifest
            : throw new EngineFormatException("The engine's section \"Manifest\" is not valid: it holds null. Build the engine again.");
    }
}

/// <summary>Serialization code that is made at build time: trimming and ahead-of-time compilation stay possible.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(EngineManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
