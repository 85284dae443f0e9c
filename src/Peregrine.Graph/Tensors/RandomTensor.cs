using Peregrine.Operators;

namespace Peregrine.Tensors;

/// <summary>Reproducible random tensors: the same type, dimensions and seed give the same bytes on every machine.</summary>
public static class RandomTensor
{
    /// <summary>Floats are uniform in [-1, 1), integers in [0, 4), bools fair coins, strings short words; complex numbers have both parts in [-1, 1).</summary>
    public static Tensor Create(DataType type, ReadOnlySpan<long> dims, ulong seed)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        ulong state = seed;
        if (type == DataType.String)
        {
            for (int i = 0; i < tensor.Strings.Length; i++)
            {
                tensor.Strings[i] = $"w{Next(ref state) % 100}";
            }
        }
        else if (type is DataType.Complex64 or DataType.Float32)
        {
            foreach (ref float item in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Data.Span))
            {
                item = (float)Unit(ref state);
            }
        }
        else if (type is DataType.Complex128 or DataType.Float64)
        {
            foreach (ref double item in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(tensor.Data.Span))
            {
                item = Unit(ref state);
            }
        }
        else
        {
            double[] values = new double[tensor.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = type.IsFloat() ? Unit(ref state) : Next(ref state) % (type == DataType.Bool || type.Bits() == 2 ? 2UL : 4UL);
            }

            ElementConversion.Store<double>(values, tensor);
        }

        return tensor;
    }

    /// <summary>A seed from a text (64-bit FNV-1a over its UTF-16 code units).</summary>
    public static ulong SeedOf(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return hash;
    }

    private static double Unit(ref ulong state) => ((Next(ref state) >> 40) * (2.0 / (1 << 24))) - 1;

    /// <summary>SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).</summary>
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
