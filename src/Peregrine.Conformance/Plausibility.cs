using System.Globalization;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Conformance;

/// <summary>Judges results that rest on random numbers: type and shape as expected, elements finite and no farther away than twice the expected values' spread.</summary>
internal static class Plausibility
{
    /// <summary>What is wrong; null if the value may be right.</summary>
    public static string? Check(object? expected, object? actual)
    {
        if (expected is not Tensor wanted)
        {
            return null;
        }

        if (actual is not Tensor found || wanted.Type != found.Type || !wanted.Dims.SequenceEqual(found.Dims))
        {
            return $"it is {ValueComparison.Describe(actual)}, but should be {wanted}";
        }

        if (wanted.Length == 0 || wanted.Type == DataType.String || wanted.Type.IsComplex())
        {
            return null;
        }

        double[] reference = new double[wanted.Length], values = new double[found.Length];
        ElementConversion.Load<double>(wanted, reference);
        ElementConversion.Load<double>(found, values);
        double low = reference.Min(), high = reference.Max(), margin = wanted.Type == DataType.Bool ? 0 : Math.Max(1, high - low);
        int wrong = Array.FindIndex(values, v => !(v >= low - margin && v <= high + margin));
        return wrong < 0 || (wanted.Type == DataType.Bool && values[wrong] is 0 or 1)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"element {wrong} of {found} is {values[wrong]:G9}; random values from {low:G9} to {high:G9} were expected");
    }
}
