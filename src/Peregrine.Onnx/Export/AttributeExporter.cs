using System.Text;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Export;

/// <summary>An operator's attributes, those that differ from their defaults, as ONNX's.</summary>
internal static class AttributeExporter
{
    /// <param name="exportBody">Makes a body's message.</param>
    public static IReadOnlyList<OnnxAttributeProto> Export(Operator op, Func<Graph, OnnxGraphProto> exportBody)
    {
        AttributeBag bag = op.Definition.Describe(op);
        // In the schema's order: an importer numbers captures by their first use in the bodies as they come.
        return [.. op.Definition.Attributes.Where(a => bag.Has(a.Name) && (op is not ISubgraphOperator || a.Name != ISubgraphOperator.CaptureCountAttribute)).Select(a => Export(a.Name, bag[a.Name]!, exportBody))];
    }

    private static OnnxAttributeProto Export(string name, object value, Func<Graph, OnnxGraphProto> exportBody) => value switch
    {
        long number => new() { Name = name, DeclaredKind = OnnxAttributeKind.Int, Int = number },
        float number => new() { Name = name, DeclaredKind = OnnxAttributeKind.Float, Float = number },
        string text => new() { Name = name, DeclaredKind = OnnxAttributeKind.String, StringBytes = Encoding.UTF8.GetBytes(text) },
        Ints numbers => new() { Name = name, DeclaredKind = OnnxAttributeKind.Ints, Ints = numbers },
        Floats numbers => new() { Name = name, DeclaredKind = OnnxAttributeKind.Floats, Floats = numbers },
        Texts texts => new() { Name = name, DeclaredKind = OnnxAttributeKind.Strings, StringsBytes = [.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))] },
        Tensor tensor => new() { Name = name, DeclaredKind = OnnxAttributeKind.Tensor, Tensor = TensorEncoder.Encode(tensor) },
        Graph body => new() { Name = name, DeclaredKind = OnnxAttributeKind.Graph, Graph = exportBody(body) },
        IrType type => new() { Name = name, DeclaredKind = OnnxAttributeKind.Type, Type = TypeExporter.Export(type, d => d.SymbolName ?? "") },
        _ => throw new ArgumentException($"{value.GetType()} is no attribute value.", nameof(value)),
    };
}
