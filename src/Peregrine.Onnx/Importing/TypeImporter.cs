using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Importing;

/// <summary>ONNX's types as types of the graph.</summary>
internal static class TypeImporter
{
    /// <summary>The type, with <paramref name="dimension"/> saying what an unknown dimension at an axis becomes; null after reporting an error.</summary>
    public static IrType? Import(OnnxTypeProto type, string where, Func<int, OnnxDimension, Dim> dimension, DiagnosticBag diagnostics)
    {
        switch (type.Kind)
        {
            case OnnxTypeKind.Tensor or OnnxTypeKind.SparseTensor:
                return ImportTensor(type, where, dimension, diagnostics);
            case OnnxTypeKind.Sequence or OnnxTypeKind.Optional when type.Element is { Kind: not OnnxTypeKind.Undefined } element:
                return Import(element, where, dimension, diagnostics) is not { } inner ? null : type.Kind == OnnxTypeKind.Sequence ? new SequenceType(WithoutSymbols(inner)) : new OptionalType(WithoutSymbols(inner));
            case OnnxTypeKind.Sequence or OnnxTypeKind.Optional:
                diagnostics.Error("PG2051", $"{where}: the type {type} does not say what it holds.", suggestion: "Export the model again.");
                return null;
            case OnnxTypeKind.Map when type is { KeyType: DataType.Int64 or DataType.String, Element: { Kind: OnnxTypeKind.Tensor } value } && DataTypes.IsDefined(value.ElementType) && value.ElementType != DataType.Undefined:
                return new MapType(type.KeyType, value.ElementType);
            default:
                diagnostics.Error("PG2050", $"{where}: values of type {type} are not supported.", suggestion: "Tensors, sequences, optionals, and maps from integers or strings to elements are.");
                return null;
        }
    }

    /// <summary>A symbolic dimension inside a sequence may differ from item to item, so no symbol can stand for it.</summary>
    private static IrType WithoutSymbols(IrType item) => item is TensorType { Shape: { IsRanked: true, IsStatic: false } } tensor ? tensor with { Shape = Shape.Unranked } : item;

    private static TensorType? ImportTensor(OnnxTypeProto type, string where, Func<int, OnnxDimension, Dim> dimension, DiagnosticBag diagnostics)
    {
        if (type.ElementType == DataType.Undefined || !DataTypes.IsDefined(type.ElementType))
        {
            diagnostics.Error("PG2052", $"{where}: its element type {(int)type.ElementType} is none that this version knows.", suggestion: "Export the model with another type.");
            return null;
        }

        if (type.Shape is null)
        {
            return new(type.ElementType, Shape.Unranked);
        }

        if (type.Shape.Dims.Count > Tensor.MaxRank)
        {
            diagnostics.Error("PG2057", $"{where}: it has {type.Shape.Dims.Count} dimensions; the limit is {Tensor.MaxRank}.");
            return new(type.ElementType, Shape.Unranked);
        }

        Dim[] dims = new Dim[type.Shape.Dims.Count];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            OnnxDimension given = type.Shape.Dims[axis];
            if (given.Value < 0)
            {
                diagnostics.Error("PG2053", $"{where}: the dimension {given.Value} at axis {axis} is negative.", suggestion: "Leave unknown dimensions empty or name them (dim_param).");
                return null;
            }

            dims[axis] = given.Value ?? dimension(axis, given);
        }

        return new(type.ElementType, Shape.Create(dims));
    }
}
