using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.Movement;

/// <summary>Tensors whose elements can be told apart, and elements as text, so that one oracle of plain index arithmetic serves every element type.</summary>
internal static class Labelled
{
    public static readonly DataType[] Types = [DataType.Float32, DataType.Int64, DataType.UInt8, DataType.Float16, DataType.Complex128, DataType.String, DataType.Int4, DataType.UInt2];

    public static Tensor Make(DataType type, long[] dims, Random random)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        if (type == DataType.String)
        {
            for (int i = 0; i < tensor.Length; i++)
            {
                tensor.Strings[i] = $"s{random.Next()}";
            }
        }
        else
        {
            for (long i = 0; i < tensor.Length * type.Bits() / 8; i++)
            {
                tensor.Data.Span[(int)i] = (byte)random.Next(256);
            }
        }

        return tensor;
    }

    public static string[] Elements(Tensor tensor)
    {
        string[] texts = new string[tensor.Length];
        int bits = tensor.Type.Bits();
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = tensor.Type == DataType.String ? tensor.Strings[i]
                : bits < 8 ? PackedElements.GetBits(bits, tensor.Data.Span, i).ToString()
                : Convert.ToHexString(tensor.Data.Span.Slice(i * bits / 8, bits / 8));
        }

        return texts;
    }

    public static long[] Dims(Random random, int rank, int most = 4)
    {
        long[] dims = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            dims[i] = random.Next(20) == 0 ? 0 : random.Next(1, most + 1);
        }

        return dims;
    }

    public static Tensor[] Run(Operator op, int outputs, params Tensor?[] inputs) =>
        [.. ReferenceEvaluator.Evaluate(op, "node", inputs, [], [.. Enumerable.Repeat(true, outputs)]).Cast<Tensor>()];

    public static Tensor Run(Operator op, params Tensor?[] inputs) => Run(op, 1, inputs)[0];

    /// <summary>Coordinates of every element in row-major order.</summary>
    public static IEnumerable<long[]> Coordinates(long[] dims)
    {
        if (dims.Contains(0))
        {
            yield break;
        }

        long[] at = new long[dims.Length];
        while (true)
        {
            yield return (long[])at.Clone();
            int axis = dims.Length - 1;
            while (axis >= 0 && ++at[axis] == dims[axis])
            {
                at[axis--] = 0;
            }

            if (axis < 0)
            {
                yield break;
            }
        }
    }

    public static long Index(ReadOnlySpan<long> dims, long[] at)
    {
        long index = 0;
        for (int i = 0; i < at.Length; i++)
        {
            index = (index * dims[i]) + at[i];
        }

        return index;
    }

    /// <summary>Checks every element of <paramref name="actual"/> against the element of <paramref name="source"/> whose coordinates <paramref name="origin"/> tells (null: zero).</summary>
    public static void Check(Tensor source, Tensor actual, Func<long[], long[]?> origin)
    {
        string[] from = Elements(source), to = Elements(actual);
        string zero = Elements(Tensor.Allocate(source.Type, [1]))[0];
        int i = 0;
        foreach (long[] at in Coordinates(actual.Dims.ToArray()))
        {
            long[]? coordinates = origin(at);
            Assert.Equal(coordinates is null ? zero : from[Index(source.Dims, coordinates)], to[i++]);
        }

        Assert.Equal(to.Length, i);
    }
}
