using System.Globalization;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Comparison;

/// <summary>
/// How far a tensor is from the expected one. NaN agrees with NaN and an infinity with the same infinity, and such pairs stay out of the figures; a pair of which only one is finite, or of different
/// infinities, makes the differences infinite and the ratio −∞. Strings are 0 or 1 apart; a complex element counts as two numbers.
/// </summary>
/// <param name="Elements">Number of elements.</param>
/// <param name="Differing">Number of elements that are not equal.</param>
/// <param name="MaxAbsolute">Largest |actual − expected|.</param>
/// <param name="MaxRelative">Largest |actual − expected| / |expected| where expected ≠ 0.</param>
/// <param name="SignalToNoise">10·log10(Σ expected² / Σ (actual − expected)²) in dB (signal to quantisation noise ratio); +∞ without any difference.</param>
/// <param name="Cosine">Cosine of the angle between the two as vectors; 1 if both are zero, 0 if one is.</param>
public sealed record TensorDifference(long Elements, long Differing, double MaxAbsolute, double MaxRelative, double SignalToNoise, double Cosine)
{
    /// <summary>Measures; type and dimensions must be equal.</summary>
    /// <exception cref="ArgumentException">Type or dimensions differ.</exception>
    public static TensorDifference Between(Tensor expected, Tensor actual)
    {
        if (expected.Type != actual.Type || !expected.Dims.SequenceEqual(actual.Dims))
        {
            throw new ArgumentException($"The tensor is {actual}; expected is {expected}.", nameof(actual));
        }

        if (expected.Type == DataType.String)
        {
            int differing = Enumerable.Range(0, expected.Strings.Length).Count(i => expected.Strings[i] != actual.Strings[i]);
            return differing == 0 ? new(expected.Length, 0, 0, 0, double.PositiveInfinity, 1) : new(expected.Length, differing, 1, 0, double.NegativeInfinity, 0);
        }

        return Between(Numbers(expected), Numbers(actual));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"max abs {MaxAbsolute:G4}, max rel {MaxRelative:G4}, SQNR {SignalToNoise:F1} dB, cosine {Cosine:F8}, {Differing} of {Elements} elements differ");

    private static TensorDifference Between(double[] expected, double[] actual)
    {
        double absolute = 0, relative = 0, noise = 0, signal = 0, power = 0, product = 0;
        long differing = 0;
        bool isBroken = false;
        for (int i = 0; i < expected.Length; i++)
        {
            double wanted = expected[i], found = actual[i];
            if (!double.IsFinite(wanted) || !double.IsFinite(found))
            {
                bool agrees = wanted.Equals(found);
                isBroken |= !agrees;
                differing += agrees ? 0 : 1;
                continue;
            }

            double difference = Math.Abs(found - wanted);
            differing += difference == 0 ? 0 : 1;
            absolute = Math.Max(absolute, difference);
            relative = wanted == 0 ? relative : Math.Max(relative, difference / Math.Abs(wanted));
            noise += difference * difference;
            signal += wanted * wanted;
            power += found * found;
            product += wanted * found;
        }

        double ratio = noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
        double cosine = signal == 0 && power == 0 ? 1 : signal == 0 || power == 0 ? 0 : Math.Clamp(product / (Math.Sqrt(signal) * Math.Sqrt(power)), -1, 1);
        return isBroken
            ? new(expected.Length, differing, double.PositiveInfinity, double.PositiveInfinity, double.NegativeInfinity, cosine)
            : new(expected.Length, differing, absolute, relative, ratio, cosine);
    }

    private static double[] Numbers(Tensor tensor)
    {
        if (tensor.Type.IsComplex())
        {
            tensor = new(tensor.Type == DataType.Complex64 ? DataType.Float32 : DataType.Float64, [2 * tensor.Length], tensor.Data);
        }

        double[] numbers = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, numbers);
        return numbers;
    }
}
