using System.Globalization;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>Constants: <c>@s64[2]{1,2}</c> with elements, <c>@f32[3,2]</c> with random ones.</summary>
internal sealed class ConstantParser(TextScanner scanner, TypeParser types)
{
    // A short text must not allocate without bounds.
    private const long MaxRandomBytes = 1L << 28;

    public Tensor Parse(string name)
    {
        scanner.Expect('@');
        TensorType type = types.Tensor();
        if (!type.Shape.IsRanked || !type.Shape.IsStatic)
        {
            throw scanner.Error($"a constant cannot have the shape {type.Shape}");
        }

        long[] dims = type.Shape.ToStatic();
        long bytes = Tensor.CheckedBytes(type.ElementType, dims);
        if (scanner.PeekRaw() != '{')
        {
            return bytes <= MaxRandomBytes
                ? RandomTensor.Create(type.ElementType, dims, RandomTensor.SeedOf(string.Create(CultureInfo.InvariantCulture, $"{name}:{type}")))
                : throw scanner.Error($"a constant of random elements has {bytes} bytes; the limit is {MaxRandomBytes}");
        }

        List<string> elements = [];
        long expected = TensorText.ScalarCount(type.ElementType, Tensor.CountElements(dims));
        scanner.Expect('{');
        while (!scanner.Take('}'))
        {
            elements.Add(type.ElementType == DataType.String ? scanner.Quoted("a string") : scanner.Number());
            if (!scanner.Take(',') && scanner.Peek() != '}')
            {
                throw scanner.Error("'}' is expected here");
            }
        }

        if (elements.Count != expected)
        {
            throw scanner.Error($"{type} takes {expected} elements, not {elements.Count}");
        }

        return type.ElementType == DataType.String
            ? new Tensor(dims, [.. elements])
            : TensorText.Parse(type.ElementType, dims, elements, out string? wrong) ?? throw scanner.Error($"{wrong} is no element of {type}");
    }
}
