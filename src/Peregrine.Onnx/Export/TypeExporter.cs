using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Export;

/// <summary>Types of the graph as ONNX's types.</summary>
internal static class TypeExporter
{
    /// <summary>The type; null if nothing is known of it.</summary>
    /// <param name="dimension">The name of a dimension that is no number; an empty one says nothing of it.</param>
    public static OnnxTypeProto? Export(IrType type, Func<Dim, string> dimension) => type switch
    {
        TensorType tensor => new()
        {
            Kind = OnnxTypeKind.Tensor,
            ElementType = tensor.ElementType,
            Shape = tensor.Shape.IsRanked ? new() { Dims = [.. tensor.Shape.Select(d => d.IsConstant ? new OnnxDimension { Value = d.Constant } : new OnnxDimension { Parameter = dimension(d) })] } : null,
        },
        SequenceType sequence => Export(sequence.Element, dimension) is { } element ? new() { Kind = OnnxTypeKind.Sequence, Element = element } : null,
        OptionalType optional => Export(optional.Element, dimension) is { } element ? new() { Kind = OnnxTypeKind.Optional, Element = element } : null,
        MapType map => new() { Kind = OnnxTypeKind.Map, KeyType = map.Key, Element = new() { Kind = OnnxTypeKind.Tensor, ElementType = map.Element, Shape = new() { Dims = [] } } },
        _ => null,
    };

    /// <summary>A value whose name is all that is told.</summary>
    public static OnnxValueInfoProto Named(string name, IrType type, Func<Dim, string> dimension) => new() { Name = name, Type = Export(type, dimension) };
}
