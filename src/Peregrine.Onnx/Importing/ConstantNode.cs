using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Importing;

/// <summary>The forms of ONNX's Constant: a tensor, a sparse tensor, or numbers and texts in attributes.</summary>
internal static class ConstantNode
{
    /// <summary>Reads the value when it is called; null after reporting that there is not exactly one.</summary>
    public static Func<Tensor>? Read(IReadOnlyList<OnnxAttributeProto> attributes, string node, TensorDecoder decoder, DiagnosticBag diagnostics)
    {
        List<Func<Tensor>> found = [.. attributes.Select(a => Form(a, decoder)).OfType<Func<Tensor>>()];
        if (found.Count == 1)
        {
            return found[0];
        }

        diagnostics.Error("PG2014", $"Constant \"{node}\" has {found.Count} values ({string.Join(", ", attributes)}); it must have exactly one.", suggestion: "Known are value, sparse_value, value_float(s), value_int(s) and value_string(s), each with an attribute of that kind.");
        return null;
    }

    private static Func<Tensor>? Form(OnnxAttributeProto attribute, TensorDecoder decoder) => (attribute.Name, attribute.Kind) switch
    {
        ("value", OnnxAttributeKind.Tensor) when attribute.Tensor is { } tensor => () => decoder.Decode(tensor),
        ("sparse_value", OnnxAttributeKind.SparseTensor) when attribute.SparseTensor is { } sparse => () => decoder.Decode(sparse),
        ("value_float", OnnxAttributeKind.Float) => () => Tensor.Scalar(attribute.Float),
        ("value_floats", OnnxAttributeKind.Floats) => () => Tensor.Vector(attribute.Floats.AsSpan()),
        ("value_int", OnnxAttributeKind.Int) => () => Tensor.Scalar(attribute.Int),
        ("value_ints", OnnxAttributeKind.Ints) => () => Tensor.Vector(attribute.Ints.AsSpan()),
        ("value_string", OnnxAttributeKind.String) => () => new Tensor([], [Text(attribute.StringBytes)]),
        ("value_strings", OnnxAttributeKind.Strings) => () => new Tensor([attribute.StringsBytes.Count], [.. attribute.StringsBytes.Select(Text)]),
        _ => null,
    };

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
