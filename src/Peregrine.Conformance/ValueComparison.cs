using System.Globalization;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Conformance;

/// <summary>
/// Compares a result with the expected value. Floats: |actual − expected| ≤ absolute + relative · |expected|; by default 1e-7 and 1e-3, for float16 1e-3 and 1e-2, for
/// bfloat16 1e-7 and 2e-2; absolute is at least <see cref="ConformanceOptions.MagnitudeTolerance"/> (behind approximate operators <see cref="ConformanceOptions.ApproximateMagnitudeTolerance"/>) of the largest expected magnitude. Strings, integers, float8 and float4 are equal; where a quantising operator rounds a float result, one step of the type apart is allowed.
/// NaN agrees with NaN, an infinity with the same one.
/// </summary>
internal sealed class ValueComparison(ConformanceOptions options, bool isRounded, bool isApproximate)
{
    /// <summary>What is wrong, with the worst element; null if the values agree.</summary>
    public string? Compare(object? expected, object? actual)
    {
        switch (expected, actual)
        {
            case (null, _):
                return null;
            case (Tensor wanted, Tensor found):
                return CompareTensors(wanted, found);
            case (TensorSequence wanted, TensorSequence found):
                return CompareSequences(wanted, found);
            case (TensorMap wanted, TensorMap found):
                return CompareTensors(wanted.Keys, found.Keys) is { } other ? $"keys: {other}" : CompareTensors(wanted.Values, found.Values);
            case (OptionalValue wanted, OptionalValue found):
                return wanted.HasValue == found.HasValue ? (wanted.HasValue ? Compare(wanted.Value, found.Value) : null) : $"the optional {(found.HasValue ? "holds a value" : "is empty")}, but should {(wanted.HasValue ? "hold a value" : "be empty")}";
            default:
                return $"it is {Describe(actual)}, but should be {Describe(expected)}";
        }
    }

    internal static string Describe(object? value) => value switch
    {
        null => "absent",
        TensorSequence sequence => $"a sequence of {sequence.Count}",
        OptionalValue => "an optional",
        _ => value.ToString()!,
    };

    private string? CompareSequences(TensorSequence expected, TensorSequence actual)
    {
        if (expected.Count != actual.Count)
        {
            return $"the sequence has {actual.Count} items, but should have {expected.Count}";
        }

        for (int i = 0; i < expected.Count; i++)
        {
            if (Compare(expected.Items[i], actual.Items[i]) is { } problem)
            {
                return $"item {i}: {problem}";
            }
        }

        return null;
    }

    private string? CompareTensors(Tensor expected, Tensor actual)
    {
        if (expected.Type != actual.Type || !expected.Dims.SequenceEqual(actual.Dims))
        {
            return $"it is {actual}, but should be {expected}";
        }

        if (expected.Type == DataType.String)
        {
            int differing = Enumerable.Range(0, expected.Strings.Length).FirstOrDefault(i => expected.Strings[i] != actual.Strings[i], -1);
            return differing < 0 ? null : $"element {differing} is \"{actual.Strings[differing]}\", but should be \"{expected.Strings[differing]}\"";
        }

        if (expected.Type.IsComplex())
        {
            DataType part = expected.Type == DataType.Complex64 ? DataType.Float32 : DataType.Float64;
            return CompareFloats(new(part, [expected.Length * 2], expected.Data), new(part, [actual.Length * 2], actual.Data));
        }

        if (expected.Type.IsTinyFloat())
        {
            return CompareSteps(expected, actual, BitSteps);
        }

        return expected.Type.IsFloat() ? CompareFloats(expected, actual) : CompareSteps(expected, actual, IntegerSteps);
    }

    private string? CompareFloats(Tensor expected, Tensor actual)
    {
        double[] wanted = new double[expected.Length], found = new double[actual.Length];
        ElementConversion.Load<double>(expected, wanted);
        ElementConversion.Load<double>(actual, found);
        (double relative, double absolute) = expected.Type switch { DataType.Float16 => (1e-2, 1e-3), DataType.BFloat16 => (2e-2, 1e-7), _ => (1e-3, 1e-7) };
        relative = options.RelativeTolerance ?? relative;
        double ofMagnitude = isApproximate ? Math.Max(options.MagnitudeTolerance, options.ApproximateMagnitudeTolerance) : options.MagnitudeTolerance;
        absolute = options.AbsoluteTolerance ?? Math.Max(absolute, ofMagnitude * wanted.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max());
        int worst = -1, count = 0;
        double worstExcess = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            double excess = double.IsFinite(wanted[i]) && double.IsFinite(found[i])
                ? Math.Abs(found[i] - wanted[i]) - absolute - (relative * Math.Abs(wanted[i]))
                : wanted[i].Equals(found[i]) ? 0 : double.PositiveInfinity;
            if (excess > 0)
            {
                count++;
                if (excess > worstExcess)
                {
                    (worst, worstExcess) = (i, excess);
                }
            }
        }

        return worst < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{count} of {wanted.Length} elements of {actual} differ; worst at {Place(expected, worst)}: {found[worst]:G9} instead of {wanted[worst]:G9}");
    }

    private string? CompareSteps(Tensor expected, Tensor actual, Func<Tensor, Tensor, long, Int128> steps)
    {
        int allowed = isRounded ? 1 : 0, count = 0;
        long worst = -1;
        Int128 worstSteps = 0;
        for (long i = 0; i < expected.Length; i++)
        {
            Int128 difference = steps(expected, actual, i);
            if (difference > allowed)
            {
                count++;
                if (difference > worstSteps)
                {
                    (worst, worstSteps) = (i, difference);
                }
            }
        }

        return worst < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{count} of {expected.Length} elements of {actual} differ; worst at {Place(expected, worst)}: {Element(actual, worst)} instead of {Element(expected, worst)}");
    }

    private static Int128 IntegerSteps(Tensor expected, Tensor actual, long i) => Int128.Abs(Integer(actual, i) - Integer(expected, i));

    /// <summary>How many values of the type lie between two elements. All bits but the sign order a small float's magnitudes.</summary>
    private static Int128 BitSteps(Tensor expected, Tensor actual, long i)
    {
        double wanted = Float(expected, i), found = Float(actual, i);
        if (double.IsNaN(wanted) || double.IsNaN(found))
        {
            return double.IsNaN(wanted) == double.IsNaN(found) ? 0 : int.MaxValue;
        }

        return Int128.Abs(Order(actual, i) - Order(expected, i));
    }

    private static int Order(Tensor tensor, long i)
    {
        int bits = tensor.Type.Bits(), raw = bits == 8 ? tensor.Data.Span[(int)i] : PackedElements.GetBits(bits, tensor.Data.Span, i);
        int sign = 1 << (bits - 1);
        // Float8E8M0 has no sign.
        return tensor.Type == DataType.Float8E8M0 || raw < sign ? raw : -(raw - sign);
    }

    private static Int128 Integer(Tensor tensor, long i) => tensor.Type switch
    {
        DataType.UInt64 => tensor.Span<ulong>()[(int)i],
        DataType.Int64 => tensor.Span<long>()[(int)i],
        DataType.UInt32 => tensor.Span<uint>()[(int)i],
        DataType.Int32 => tensor.Span<int>()[(int)i],
        DataType.UInt16 => tensor.Span<ushort>()[(int)i],
        DataType.Int16 => tensor.Span<short>()[(int)i],
        DataType.Int8 => tensor.Span<sbyte>()[(int)i],
        DataType.UInt8 or DataType.Bool => tensor.Data.Span[(int)i],
        _ => PackedElements.GetInteger(tensor.Type, tensor.Data.Span, i),
    };

    private static double Float(Tensor tensor, long i)
    {
        // Small floats have at most 256 values; converting one element by way of a tensor of one element is cheap enough for tests.
        int bits = tensor.Type.Bits();
        byte raw = bits == 8 ? tensor.Data.Span[(int)i] : PackedElements.GetBits(bits, tensor.Data.Span, i);
        double[] value = new double[1];
        ElementConversion.Load<double>(new(tensor.Type, [1], new[] { raw }), value);
        return value[0];
    }

    private static string Element(Tensor tensor, long i) => tensor.Type.IsTinyFloat() ? Float(tensor, i).ToString("G9", CultureInfo.InvariantCulture) : Integer(tensor, i).ToString(CultureInfo.InvariantCulture);

    private static string Place(Tensor tensor, long element)
    {
        long[] index = new long[tensor.Rank];
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            (element, index[axis]) = Math.DivRem(element, tensor.Dims[axis]);
        }

        return $"[{string.Join(',', index)}]";
    }
}
