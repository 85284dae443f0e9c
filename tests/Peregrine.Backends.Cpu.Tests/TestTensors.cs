using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests;

/// <summary>Tensors with contents that differ from element to element.</summary>
internal static class TestTensors
{
    /// <summary>Random bytes: any bit pattern, NaN and infinities included. Booleans are 0 or 1.</summary>
    public static Tensor Bits(DataType type, params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        new Random(HashCode.Combine(dims.Length, tensor.Length)).NextBytes(tensor.Data.Span);
        if (type == DataType.Bool)
        {
            foreach (ref byte value in tensor.Data.Span)
            {
                value &= 1;
            }
        }

        return tensor;
    }

    /// <summary>Floats between −2 and 2 of few bits, so that equal ones occur.</summary>
    public static Tensor Floats(params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        Random random = new(dims.Length);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(tensor.Data.Span))
        {
            value = (float)Math.Round((random.NextDouble() * 4) - 2, 3);
        }

        return tensor;
    }

    /// <summary>As <see cref="Floats"/>, with a NaN, infinities and zeros of both signs every few elements.</summary>
    public static Tensor WildFloats(params long[] dims)
    {
        Tensor tensor = Floats(dims);
        ReadOnlySpan<float> wild = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f];
        Span<float> values = MemoryMarshal.Cast<byte, float>(tensor.Data.Span);
        for (int i = 3; i < values.Length; i += 11)
        {
            values[i] = wild[i % wild.Length];
        }

        return tensor;
    }

    public static Tensor Longs(params ReadOnlySpan<long> values) => Tensor.Vector(values);
}
