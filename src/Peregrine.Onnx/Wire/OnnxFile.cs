using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// A file in ONNX's format: a model, or a value of test data. Opening maps it and reads nothing; reading a model makes objects of its structure and leaves the
/// tensors' elements in the file. There is nothing to dispose of: the mapping ends when the last tensor that views it is gone.
/// </summary>
public sealed class OnnxFile
{
    private OnnxFile(ByteSource source, string? folder)
    {
        Source = source;
        Decoder = new(source.Name, folder is null ? null : new ExternalDataFolder(folder));
    }

    public ByteSource Source { get; }

    /// <summary>The path, or what the caller called the bytes.</summary>
    public string Name => Source.Name;

    /// <summary>Makes tensors of this file's tensor messages.</summary>
    public TensorDecoder Decoder { get; }

    /// <summary>Opens a file; external data are looked for in its folder.</summary>
    /// <exception cref="ModelException">PG1010: it cannot be read.</exception>
    public static OnnxFile Open(string path) => new(MappedFile.Open(path), Path.GetDirectoryName(Path.GetFullPath(path)));

    /// <summary>A file that is in memory already; the bytes must not change any more. External data need a <paramref name="folder"/>.</summary>
    public static OnnxFile Of(ReadOnlyMemory<byte> bytes, string name = "model", string? folder = null) => new(ByteSource.Of(bytes, name), folder);

    /// <summary>Writes a message to a file, beside it at first, so that the file is either whole or untouched.</summary>
    /// <exception cref="ModelException">PG1036: it cannot be written.</exception>
    public static void Save(string path, IOnnxMessage message) => AtomicFile.Write(path, stream => ProtobufWriter.Write(message, stream));

    /// <summary>The file as a model.</summary>
    /// <exception cref="ModelException">PG1011 to PG1027: it is none, or damaged.</exception>
    public OnnxModelProto ReadModel()
    {
        if (Source.Length == 0)
        {
            throw new ModelException(Diagnostic.Error("PG1011", $"\"{Name}\" is empty.", suggestion: "Export or download it again."));
        }

        OnnxModelProto model = Read<OnnxModelProto>();
        return model.Graph is null
            ? throw new ModelException(Diagnostic.Error("PG1027", $"\"{Name}\" is no ONNX model: it holds no graph.", suggestion: "Is it a tensor (.pb), an external data file or another kind of file?"))
            : model;
    }

    /// <summary>The file as one tensor.</summary>
    public Tensor ReadTensor() => Decoder.Decode(Read<OnnxTensorProto>());

    /// <summary>The file as one sequence.</summary>
    public TensorSequence ReadSequence() => Decoder.Decode(Read<OnnxSequenceProto>());

    /// <summary>The file as one map.</summary>
    public TensorMap ReadMap() => Decoder.Decode(Read<OnnxMapProto>());

    /// <summary>The file as one optional; an empty file holds nothing.</summary>
    public OptionalValue ReadOptional() => Decoder.Decode(Read<OnnxOptionalProto>());

    /// <summary>The file as a message of any kind. Protobuf does not say which kind a file holds.</summary>
    public T Read<T>() where T : class, IOnnxMessage, new()
    {
        T message = new();
        message.Merge(new ProtobufReader(Source));
        GC.KeepAlive(Source);
        return message;
    }
}
