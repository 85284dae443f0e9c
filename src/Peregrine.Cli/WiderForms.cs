using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli;

/// <summary>NumPy has neither bfloat16 nor float8 nor elements below a byte: such tensors are written wider (float32, bytes) and narrowed again when they are read for a tensor of the narrow type.</summary>
internal static class WiderForms
{
    /// <summary>The tensor in a type that NumPy has; the same one where it has its own.</summary>
    public static Tensor Widen(Tensor tensor)
    {
        if (!tensor.Type.IsTinyFloat())
        {
            return tensor;
        }

        Tensor wide = Tensor.Allocate(DataType.Float32, tensor.Dims);
        ElementConversion.Load(tensor, wide.Span<float>());
        return wide;
    }

    /// <summary>What was read, in the wanted type, if it is that or its wider form; else as it is.</summary>
    public static Tensor Narrow(Tensor read, DataType wanted)
    {
        bool isWider = read.Type == DataType.Float32
            ? wanted == DataType.BFloat16 || wanted.IsTinyFloat()
            : read.Type is DataType.Int8 or DataType.UInt8 && wanted.IsInteger() && wanted.Bits() < 8;
        if (!isWider)
        {
            return read;
        }

        Tensor narrow = Tensor.Allocate(wanted, read.Dims);
        ElementConversion.Store(read.Data, read.Type, narrow);
        return narrow;
    }
}
