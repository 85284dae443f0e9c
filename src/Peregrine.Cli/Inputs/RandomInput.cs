using System.Runtime.InteropServices;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli.Inputs;

/// <summary>Inputs for networks whose real ones are not at hand.</summary>
internal static class RandomInput
{
    /// <summary>Floats are standard normal (Box and Muller, 1958), integers and bools 0, strings empty. Equal seeds give equal tensors.</summary>
    /// <exception cref="Peregrine.Diagnostics.ModelException">The shape is larger than a tensor can be.</exception>
    public static Tensor Create(DataType type, ReadOnlySpan<long> dims, int seed)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        Random random = new(seed);
        if (type is DataType.Float32 or DataType.Complex64)
        {
            foreach (ref float element in MemoryMarshal.Cast<byte, float>(tensor.Data.Span))
            {
                element = (float)Normal(random);
            }
        }
        else if (type is DataType.Float64 or DataType.Complex128)
        {
            foreach (ref double element in MemoryMarshal.Cast<byte, double>(tensor.Data.Span))
            {
                element = Normal(random);
            }
        }
        else if (type.IsFloat())
        {
            float[] elements = new float[tensor.Length];
            foreach (ref float element in elements.AsSpan())
            {
                element = (float)Normal(random);
            }

            ElementConversion.Store<float>(elements, tensor);
        }

        return tensor;
    }

    // 1 − u lies in (0, 1], where the logarithm is finite.
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
