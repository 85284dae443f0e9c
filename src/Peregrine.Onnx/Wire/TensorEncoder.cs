using System.Text;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>Makes messages of values. Elements are referred to, not copied.</summary>
public static class TensorEncoder
{
    /// <summary>A tensor message with raw data (string_data for strings).</summary>
    public static OnnxTensorProto Encode(Tensor tensor, string name = "") => new()
    {
        Name = name,
        ElementType = tensor.Type,
        Dims = Ints.Create(tensor.Dims),
        RawData = tensor.Type == DataType.String ? null : tensor.Data,
        StringData = tensor.Type == DataType.String ? [.. tensor.Strings.Select(s => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(s))] : [],
    };

    /// <summary>A sequence message; items must be of one kind. An empty one says that it holds tensors.</summary>
    /// <exception cref="ArgumentException">The items are of several kinds.</exception>
    public static OnnxSequenceProto Encode(TensorSequence sequence, string name = "")
    {
        OnnxSequenceProto proto = new()
        {
            Name = name,
            Tensors = [.. sequence.Items.OfType<Tensor>().Select(t => Encode(t))],
            Sequences = [.. sequence.Items.OfType<TensorSequence>().Select(s => Encode(s))],
            Maps = [.. sequence.Items.OfType<TensorMap>().Select(m => Encode(m))],
            Optionals = [.. sequence.Items.OfType<OptionalValue>().Select(o => Encode(o))],
        };
        proto.ElementKind = proto.Sequences.Count > 0 ? OnnxDataKind.Sequence : proto.Optionals.Count > 0 ? OnnxDataKind.Optional : proto.Maps.Count > 0 ? OnnxDataKind.Map : OnnxDataKind.Tensor;
        return Math.Max(proto.Tensors.Count, Math.Max(proto.Sequences.Count, Math.Max(proto.Maps.Count, proto.Optionals.Count))) == sequence.Count
            ? proto
            : throw new ArgumentException("The items of a sequence must be all tensors, all sequences, all maps or all optionals.", nameof(sequence));
    }

    /// <summary>A map message: the values are a sequence of scalars.</summary>
    public static OnnxMapProto Encode(TensorMap map, string name = "") => new()
    {
        Name = name,
        KeyType = map.Keys.Type,
        Keys = map.Keys.Type == DataType.String ? Ints.Empty : Ints.Create(map.Keys.Span<long>()),
        StringKeys = map.Keys.Type == DataType.String ? [.. map.Keys.Strings.Select(k => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(k))] : [],
        Values = Encode(new TensorSequence([.. Enumerable.Range(0, map.Count).Select(i => Element(map.Values, i))])),
    };

    /// <summary>An optional message.</summary>
    public static OnnxOptionalProto Encode(OptionalValue optional, string name = "") => optional.Value switch
    {
        null => new() { Name = name },
        Tensor tensor => new() { Name = name, ElementKind = OnnxDataKind.Tensor, Tensor = Encode(tensor) },
        TensorSequence sequence => new() { Name = name, ElementKind = OnnxDataKind.Sequence, Sequence = Encode(sequence) },
        TensorMap map => new() { Name = name, ElementKind = OnnxDataKind.Map, Map = Encode(map) },
        OptionalValue inner => new() { Name = name, ElementKind = OnnxDataKind.Optional, Optional = Encode(inner) },
        _ => throw new ArgumentException($"An optional cannot hold a {optional.Value.GetType().Name}.", nameof(optional)),
    };

    private static Tensor Element(Tensor tensor, int i) => tensor.Type == DataType.String
        ? new Tensor([], [tensor.Strings[i]])
        : new Tensor(tensor.Type, [], tensor.Data.Slice(i * tensor.Type.Bits() / 8, tensor.Type.Bits() / 8));
}
