using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Importing;

/// <summary>
/// Compares what the model says of a value's type with what inference found: another kind or element type is an error, another shape only a warning, as exporters often leave
/// old shapes behind. That a value which may be absent is declared as present is a warning too: a loop that starts with an empty optional may well end with a value.
/// </summary>
internal static class DeclaredTypes
{
    public static void Check(string name, OnnxTypeProto declared, IrType inferred, DiagnosticBag diagnostics)
    {
        if (inferred == IrType.Unknown || declared.Kind == OnnxTypeKind.Undefined)
        {
            return;
        }

        OnnxTypeProto inner = declared;
        IrType found = inferred;
        if (declared.Kind != OnnxTypeKind.Optional && found is OptionalType optional)
        {
            diagnostics.Warning("PG2055", $"\"{name}\" is declared as {declared}, but its node makes {inferred}; the declaration is ignored.");
            found = optional.Element;
        }

        while (inner.Kind is OnnxTypeKind.Sequence or OnnxTypeKind.Optional && inner.Element is { } element && found is SequenceType or OptionalType && (inner.Kind == OnnxTypeKind.Sequence) == found is SequenceType)
        {
            inner = element;
            found = found is SequenceType s ? s.Element : ((OptionalType)found).Element;
        }

        if (found == IrType.Unknown)
        {
            return;
        }

        if (found is MapType map && inner is { Kind: OnnxTypeKind.Map, Element.Kind: OnnxTypeKind.Tensor } && inner.KeyType == map.Key && inner.Element.ElementType == map.Element)
        {
            return;
        }

        if (inner.Kind is not (OnnxTypeKind.Tensor or OnnxTypeKind.SparseTensor) || found is not TensorType tensor || (inner.ElementType != tensor.ElementType && inner.ElementType != 0))
        {
            diagnostics.Error("PG2054", $"\"{name}\" is declared as {declared}, but its node makes {inferred}.", suggestion: "The exporter is at fault, or the model was edited; export it again.");
        }
        else if (inner.Shape is { } shape && tensor.Shape.IsRanked && Contradicts(shape, tensor.Shape))
        {
            diagnostics.Warning("PG2055", $"\"{name}\" is declared as {declared}, but its node makes {inferred}; the declaration is ignored.");
        }
    }

    private static bool Contradicts(OnnxShapeProto declared, Shape found) =>
        declared.Dims.Count != found.Rank || Enumerable.Range(0, found.Rank).Any(i => declared.Dims[i].Value is { } value && found[i].IsConstant && found[i].Constant != value);
}
