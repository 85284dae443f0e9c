using System.Runtime.InteropServices;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Ir;

/// <summary>Value propagation's view of a tensor: the contents of small integer tensors as dims.</summary>
public static class ValueContents
{
    /// <summary>Larger tensors are not followed.</summary>
    public const int MaxElements = 64;

    /// <summary>The elements of an int32, int64 or bool tensor of at most <see cref="MaxElements"/> elements; else null.</summary>
    public static IReadOnlyList<Dim>? Of(Tensor tensor)
    {
        if (tensor.Length > MaxElements)
        {
            return null;
        }

        Dim[] dims = new Dim[tensor.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            switch (tensor.Type)
            {
                case DataType.Int64:
                    dims[i] = MemoryMarshal.Cast<byte, long>(tensor.Data.Span)[i];
                    break;
                case DataType.Int32:
                    dims[i] = MemoryMarshal.Cast<byte, int>(tensor.Data.Span)[i];
                    break;
                case DataType.Bool:
                    dims[i] = tensor.Data.Span[i] == 0 ? 0 : 1;
                    break;
                default:
                    return null;
            }
        }

        return dims;
    }

    /// <summary>A tensor of these contents, if all of them are constant and fit the type (int32, int64 or bool); else null.</summary>
    public static Tensor? ToTensor(IReadOnlyList<Dim> contents, TensorType type)
    {
        if (!type.Shape.IsRanked || !type.Shape.IsStatic || !contents.All(d => d.IsConstant) || type.ElementType is not (DataType.Int32 or DataType.Int64 or DataType.Bool))
        {
            return null;
        }

        Tensor tensor = Tensor.Allocate(type.ElementType, type.Shape.ToStatic());
        for (int i = 0; i < contents.Count; i++)
        {
            long value = contents[i].Constant;
            switch (type.ElementType)
            {
                case DataType.Int64:
                    tensor.Span<long>()[i] = value;
                    break;
                case DataType.Int32 when value is >= int.MinValue and <= int.MaxValue:
                    tensor.Span<int>()[i] = (int)value;
                    break;
                case DataType.Bool:
                    tensor.Data.Span[i] = (byte)(value == 0 ? 0 : 1);
                    break;
                default:
                    return null;
            }
        }

        return tensor;
    }
}
