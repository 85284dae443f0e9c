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
            Optionals = [.. sequence.Items.OfType<OptionalValue>().Select(o => Encode(o))],
        };
        proto.ElementKind = proto.Sequences.Count > 0 ? OnnxDataKind.Sequence : proto.Optionals.Count > 0 ? OnnxDataKind.Optional : OnnxDataKind.Tensor;
        return Math.Max(proto.Tensors.Count, Math.Max(proto.Sequences.Count, proto.Optionals.Count)) == sequence.Count
            ? proto
            : throw new ArgumentException("The items of a sequence must be all tensors, all sequences or all optionals.", nameof(sequence));
    }

    /// <summary>An optional message.</summary>
    public static OnnxOptionalProto Encode(OptionalValue optional, string name = "") => optional.Value switch
    {
        null => new() { Name = name },
        Tensor tensor => new() { Name = name, ElementKind = OnnxDataKind.Tensor, Tensor = Encode(tensor) },
        TensorSequence sequence => new() { Name = name, ElementKind = OnnxDataKind.Sequence, Sequence = Encode(sequence) },
        OptionalValue inner => new() { Name = name, ElementKind = OnnxDataKind.Optional, Optional = Encode(inner) },
        _ => throw new ArgumentException($"An optional cannot hold a {optional.Value.GetType().Name}.", nameof(optional)),
    };
}
