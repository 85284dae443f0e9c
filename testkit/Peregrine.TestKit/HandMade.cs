using System.Text;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>Short forms for ONNX files made by hand. Names are separated by spaces; a dash is an absent one.</summary>
public static class HandMade
{
    public static OnnxNodeProto Node(string type, string inputs, string outputs, params OnnxAttributeProto[] attributes) =>
        new() { OperatorType = type, Name = $"{type.ToLowerInvariant()}_{outputs.Split(' ')[0]}", Inputs = Names(inputs), Outputs = Names(outputs), Attributes = attributes };

    public static OnnxGraphProto Graph(OnnxValueInfoProto[] inputs, OnnxNodeProto[] nodes, OnnxValueInfoProto[] outputs) => new() { Name = "body", Inputs = inputs, Nodes = nodes, Outputs = outputs };

    public static OnnxValueInfoProto Typed(string name, DataType type, params object[] dims) => new()
    {
        Name = name,
        Type = new()
        {
            Kind = OnnxTypeKind.Tensor,
            ElementType = type,
            Shape = new() { Dims = [.. dims.Select(d => d is int value ? new OnnxDimension { Value = value } : new OnnxDimension { Parameter = (string)d })] },
        },
    };

    public static OnnxAttributeProto Body(string name, OnnxGraphProto graph) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Graph, Graph = graph };

    public static OnnxAttributeProto Int(string name, long value) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Int, Int = value };

    /// <summary>A whole file. Without dims a float value has no declared shape.</summary>
    public static byte[] Model(OnnxValueInfoProto[] inputs, OnnxValueInfoProto[] outputs, OnnxNodeProto[] nodes, params OnnxTensorProto[] initializers) => ProtobufWriter.ToBytes(Proto(inputs, outputs, nodes, initializers));

    public static OnnxModelProto Proto(OnnxValueInfoProto[] inputs, OnnxValueInfoProto[] outputs, OnnxNodeProto[] nodes, params OnnxTensorProto[] initializers) => new()
    {
        IrVersion = 10,
        OperatorSets = [new() { Version = 21 }],
        Graph = new() { Name = "made", Inputs = inputs, Nodes = nodes, Outputs = outputs, Initializers = initializers },
    };

    public static OnnxValueInfoProto Float(string name, params object[] dims) =>
        dims.Length > 0 ? Typed(name, DataType.Float32, dims) : new() { Name = name, Type = new() { Kind = OnnxTypeKind.Tensor, ElementType = DataType.Float32 } };

    public static OnnxAttributeProto Numbers(string name, params long[] values) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Ints, Ints = [.. values] };

    public static OnnxAttributeProto Word(string name, string value) => new() { Name = name, DeclaredKind = OnnxAttributeKind.String, StringBytes = Encoding.UTF8.GetBytes(value) };

    public static OnnxTensorProto Integers(string name, long[] dims, params long[] values) => TensorEncoder.Encode(Tensor.Of<long>(dims, values), name);

    public static OnnxTensorProto Floats(string name, long[] dims, params float[] values) =>
        TensorEncoder.Encode(Tensor.Of<float>(dims, values.Length > 0 ? values : [.. Enumerable.Range(0, (int)Tensor.CountElements(dims)).Select(i => (i % 7 * 0.25f) - 0.7f)]), name);

    private static string[] Names(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => n == "-" ? "" : n)];
}
