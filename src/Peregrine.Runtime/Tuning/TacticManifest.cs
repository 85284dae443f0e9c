using System.Text.Encodings.Web;
using System.Text.Json;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Which tactic and option serve which request, as a JSON file to keep beside a model, to compare between builds and machines, and to pin: a build obeys what stands in it and adds what is missing.
/// <code>
/// { "peregrine": "tactics", "version": 1, "tactics": [ { "request": "MatMul(f32[1,8], f32[8,4] weight) -> f32[1,4]", "tactic": "cpu.gemm", "tactic_version": 1, "option": "" } ] }
/// </code>
/// </summary>
public sealed class TacticManifest
{
    private const long MaxBytes = 64 << 20;
    private const string Kind = "tactics";
    private const int Version = 1;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    private readonly SortedDictionary<string, (TacticId Tactic, TacticOption Option)> _pins = new(StringComparer.Ordinal);

    /// <summary>How many requests it names.</summary>
    public int Count => _pins.Count;

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="ModelException">PG4002: the file cannot be read or is no manifest.</exception>
    public static TacticManifest Read(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MaxBytes)
            {
                throw Fail(path, "it is too large");
            }

            using JsonDocument document = JsonDocument.Parse(stream);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw Fail(path, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>The pinned tactic and option of a request; null if there are none.</summary>
    /// <param name="request">The request as text.</param>
    public (TacticId Tactic, TacticOption Option)? Find(string request) => _pins.TryGetValue(request, out (TacticId, TacticOption) pin) ? pin : null;

    /// <summary>Adds a choice. What stands there already stays.</summary>
    public void Add(string request, TacticId tactic, TacticOption option) => _pins.TryAdd(request, (tactic, option));

    /// <summary>Writes the file as a whole; equal manifests give equal bytes.</summary>
    /// <exception cref="ModelException">PG1036: it cannot be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, stream =>
    {
        using Utf8JsonWriter json = new(stream, Options);
        json.WriteStartObject();
        json.WriteString("peregrine", Kind);
        json.WriteNumber("version", Version);
        json.WriteStartArray("tactics");
        foreach ((string request, (TacticId tactic, TacticOption option)) in _pins)
        {
            json.WriteStartObject();
            json.WriteString("request", request);
            json.WriteString("tactic", tactic.Name);
            json.WriteNumber("tactic_version", tactic.Version);
            json.WriteString("option", option.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static TacticManifest Read(JsonElement root)
    {
        if (root.GetProperty("peregrine").GetString() != Kind || root.GetProperty("version").GetInt32() != Version)
        {
            throw new FormatException("it is no manifest of tactics of this version");
        }

        TacticManifest manifest = new();
        foreach (JsonElement pin in root.GetProperty("tactics").EnumerateArray())
        {
            string request = Text(pin, "request");
            if (!manifest._pins.TryAdd(request, (new(Text(pin, "tactic"), pin.GetProperty("tactic_version").GetInt32()), new(Text(pin, "option")))))
            {
                throw new FormatException($"it names the request {request} twice");
            }
        }

        return manifest;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException($"\"{name}\" is null");

    private static ModelException Fail(string path, string why) =>
        new(Diagnostic.Error("PG4002", $"The tactic manifest \"{path}\" cannot be used: {why}.", suggestion: "Name a file that does not exist yet to have a manifest made."));
}
