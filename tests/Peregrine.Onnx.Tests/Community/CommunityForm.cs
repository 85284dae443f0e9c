using Peregrine.Onnx.Tests.Legacy;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>Data for nodes of com.microsoft.</summary>
internal static class CommunityForm
{
    public static OperatorForm Op(string name, string variant = "") => new OperatorForm(name, 1, "com.microsoft").Variant(variant);

    /// <summary>Numbers of a normal distribution, the same ones for the same seed.</summary>
    public static Tensor Normal(int seed, params long[] dims) => Make(seed, dims, random => (float)Gauss(random));

    public static Tensor Uniform(int seed, float low, float high, params long[] dims) => Make(seed, dims, random => low + ((high - low) * (float)random.NextDouble()));

    public static Tensor Bytes(int seed, params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.UInt8, dims);
        new Random(seed).NextBytes(tensor.Data.Span);
        return tensor;
    }

    public static Tensor SignedBytes(int seed, params long[] dims) => new(DataType.Int8, dims, Bytes(seed, dims).Data);

    public static Tensor Half(Tensor tensor)
    {
        Tensor half = Tensor.Allocate(DataType.Float16, tensor.Dims);
        ElementConversion.Store<float>(tensor.Span<float>(), half);
        return half;
    }

    public static Tensor Integers(long[] dims, params int[] values) => Tensor.Of<int>(dims, values);

    public static Tensor Longs(long[] dims, params long[] values) => Tensor.Of<long>(dims, values);

    /// <summary>The cosines (or sines) of position · frequency: [positions, columns].</summary>
    public static Tensor Angles(bool sine, int positions, int columns)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, [positions, columns]);
        for (int i = 0; i < positions * columns; i++)
        {
            double angle = i / columns / Math.Pow(100, i % columns / (double)columns);
            tensor.Span<float>()[i] = (float)(sine ? Math.Sin(angle) : Math.Cos(angle));
        }

        return tensor;
    }

    /// <summary>With zeros from <paramref name="length"/> on along axis 2 of [batch, heads, capacity, size].</summary>
    public static Tensor Cache(int seed, long batch, long heads, long capacity, long size, int length)
    {
        Tensor tensor = Normal(seed, batch, heads, capacity, size);
        for (int i = 0; i < tensor.Length; i++)
        {
            if (i / size % capacity >= length)
            {
                tensor.Span<float>()[i] = 0;
            }
        }

        return tensor;
    }

    private static Tensor Make(int seed, long[] dims, Func<Random, float> next)
    {
        Random random = new(seed);
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        foreach (ref float value in tensor.Span<float>())
        {
            value = next(random);
        }

        return tensor;
    }

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
