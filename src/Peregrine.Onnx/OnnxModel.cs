using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Importing;
using Peregrine.Onnx.Wire;

namespace Peregrine;

/// <summary>
/// A model in ONNX's format. Loading maps the file and reads its structure; the weights stay in it and become constants without a copy when the model is imported.
/// There is nothing to dispose of: the mapping ends when the last tensor that views it is gone. Safe for concurrent use.
/// </summary>
public sealed class OnnxModel
{
    private OnnxModel(OnnxFile file)
    {
        File = file;
        Proto = file.ReadModel();
        Metadata = Collect(Proto.Metadata);
    }

    /// <summary>The file's path, or what the caller called the bytes.</summary>
    public string Name => File.Name;

    /// <summary>The file as it is stored.</summary>
    public OnnxFile File { get; }

    /// <summary>The file's messages, for tools; must not be changed.</summary>
    public OnnxModelProto Proto { get; }

    /// <summary>The version of the format itself.</summary>
    public long IrVersion => Proto.IrVersion;

    /// <summary>The tool that wrote the model and its version; may be empty.</summary>
    public string Producer => $"{Proto.ProducerName} {Proto.ProducerVersion}".Trim();

    public string Documentation => Proto.Documentation;

    /// <summary>The model's key-value pairs; of a key that stands there twice the last value counts.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file; external data are looked for in its folder.</summary>
    /// <exception cref="ModelException">PG1010 to PG1027: it cannot be read, or is no model.</exception>
    public static OnnxModel Load(string path) => new(OnnxFile.Open(path));

    /// <summary>A model that is in memory already; the bytes must not change any more.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="folder">Where external data lie; null refuses them.</param>
    /// <exception cref="ModelException">PG1011 to PG1027: the bytes are no model.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> bytes, string name = "model", string? folder = null) => new(OnnxFile.Of(bytes, name, folder));

    /// <summary>Makes a graph of the model. All that is wrong with the model is found and thrown at once.</summary>
    /// <param name="findings">Takes warnings, if given.</param>
    /// <exception cref="ModelException">PG20xx, PG21xx (structure, operators, types, shapes) and PG102x, PG103x (weights).</exception>
    public Graph Import(ImportOptions? options = null, DiagnosticBag? findings = null) => OnnxImporter.Import(this, options ?? ImportOptions.Default, findings ?? new());

    /// <summary>What of the model is not supported, and where; never throws for what a model may contain.</summary>
    public CapabilityReport Examine(ImportOptions? options = null) => OnnxImporter.Examine(this, options ?? ImportOptions.Default);

    public override string ToString() => $"{Name}: {Proto}";

    private static Dictionary<string, string> Collect(IReadOnlyList<OnnxProperty> properties)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach (OnnxProperty property in properties)
        {
            map[property.Key] = property.Value;
        }

        return map;
    }
}
