using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Short forms for models made by hand; they go through the writer and the reader before they are imported.</summary>
internal static class ModelText
{
    public static OnnxTypeProto Type(DataType type, params object[] dims) => new()
    {
        Kind = OnnxTypeKind.Tensor,
        ElementType = type,
        Shape = new() { Dims = [.. dims.Select(d => d switch { int i => new OnnxDimension { Value = i }, string s => new OnnxDimension { Parameter = s }, _ => new OnnxDimension() })] },
    };

    public static OnnxValueInfoProto Float(string name, params object[] dims) => new() { Name = name, Type = Type(DataType.Float32, dims) };

    public static OnnxValueInfoProto Typed(string name, OnnxTypeProto? type) => new() { Name = name, Type = type };

    public static OnnxNodeProto Node(string type, string inputs, string outputs, string name = "", string domain = "", params OnnxAttributeProto[] attributes) => new()
    {
        OperatorType = type,
        Domain = domain,
        Name = name,
        Inputs = Names(inputs),
        Outputs = Names(outputs),
        Attributes = attributes,
    };

    /// <summary>Names separated by spaces; a dash is an absent one.</summary>
    public static string[] Names(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => n == "-" ? "" : n)];

    public static OnnxTensorProto Tensor(string name, params ReadOnlySpan<float> values) => TensorEncoder.Encode(Tensors.Tensor.Vector(values), name);

    public static OnnxAttributeProto Int(string name, long value) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Int, Int = value };

    public static OnnxAttributeProto FloatAttribute(string name, float value) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Float, Float = value };

    public static OnnxAttributeProto StringAttribute(string name, string value) => new() { Name = name, DeclaredKind = OnnxAttributeKind.String, StringBytes = Encoding.UTF8.GetBytes(value) };

    public static OnnxAttributeProto Body(string name, OnnxGraphProto graph) => new() { Name = name, DeclaredKind = OnnxAttributeKind.Graph, Graph = graph };

    public static OnnxAttributeProto Reference(string name, string to, OnnxAttributeKind kind) => new() { Name = name, ReferenceName = to, DeclaredKind = kind };

    public static OnnxGraphProto Graph(OnnxValueInfoProto[] inputs, OnnxNodeProto[] nodes, OnnxValueInfoProto[] outputs, params OnnxTensorProto[] initializers) => new() { Name = "test", Inputs = inputs, Nodes = nodes, Outputs = outputs, Initializers = initializers };

    public static OnnxModelProto Model(OnnxGraphProto graph, long opset = 21, params OnnxFunctionProto[] functions) => new()
    {
        IrVersion = 10,
        Graph = graph,
        OperatorSets = [new() { Version = opset }, new() { Domain = "local", Version = 1 }],
        Functions = functions,
    };

    public static OnnxModel Load(OnnxModelProto model, string? folder = null) => OnnxModel.Load(ProtobufWriter.ToBytes(model), "test.onnx", folder);

    public static Graph Import(OnnxGraphProto graph, DiagnosticBag? findings = null) => Load(Model(graph)).Import(null, findings);

    /// <summary>The errors of a model that cannot be imported.</summary>
    public static IReadOnlyList<Diagnostic> Errors(OnnxModelProto model, ImportOptions? options = null) =>
        [.. Assert.Throws<ModelException>(() => Load(model).Import(options)).Diagnostics.Where(d => d.Severity == Severity.Error)];

    public static IReadOnlyList<Diagnostic> Errors(OnnxGraphProto graph) => Errors(Model(graph));

    public static float[] Run(Graph graph, params float[][] inputs) =>
        ((Tensor)Interpreter.Run(graph, [.. inputs.Select(i => (object)Tensors.Tensor.Vector(i))])[0]!).Span<float>().ToArray();
}
