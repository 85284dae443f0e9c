using System.Globalization;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>
/// How far two elements may be apart: floats by <c>|actual − expected| ≤ Absolute + Relative · |expected|</c>; integers by <see cref="IntegerSteps"/>;
/// booleans and strings not at all.
/// </summary>
public readonly record struct Tolerance(double Relative, double Absolute, int IntegerSteps = 0)
{
    /// <summary>Equal values (any NaN equals any NaN, −0 equals 0).</summary>
    public static Tolerance Exact => default;
}

/// <summary>
/// An actual tensor measured against an expected one. NaN agrees with NaN, an infinity with the same infinity; such pairs count as agreement and stay out of the
/// statistics. A pair of which only one is finite, or of different infinities, makes the largest differences infinite and the ratio −∞.
/// </summary>
public sealed record TensorComparison
{
    private TensorComparison()
    {
    }

    /// <summary>Same type, same dimensions, every element within the tolerance.</summary>
    public bool IsClose => Problem is null;

    /// <summary>What is wrong, in a sentence or two with the index of the first and of the worst element; null if all agrees.</summary>
    public string? Problem { get; private init; }

    /// <summary>Number of elements; a complex one counts as two.</summary>
    public long Count { get; private init; }

    /// <summary>Number of elements beyond the tolerance.</summary>
    public long Mismatches { get; private init; }

    /// <summary>Row-major index of the first element beyond the tolerance, or −1.</summary>
    public long FirstMismatch { get; private init; } = -1;

    /// <summary>Row-major index of the element that lies farthest beyond the tolerance, or −1.</summary>
    public long WorstMismatch { get; private init; } = -1;

    /// <summary>Largest |actual − expected|.</summary>
    public double MaxAbsolute { get; private init; }

    /// <summary>Largest |actual − expected| / |expected| over the elements with expected ≠ 0.</summary>
    public double MaxRelative { get; private init; }

    /// <summary>Root of the mean of (actual − expected)².</summary>
    public double RootMeanSquare { get; private init; }

    /// <summary>Signal-to-noise ratio in dB, 10·log10(Σ expected² / Σ (actual − expected)²); +∞ without any noise.</summary>
    public double SignalToNoise { get; private init; } = double.PositiveInfinity;

    /// <summary>Cosine of the angle between the two as vectors; 1 if both are zero, 0 if one is.</summary>
    public double Cosine { get; private init; } = 1;

    public static TensorComparison Compare(Tensor expected, Tensor actual, Tolerance tolerance)
    {
        if (expected.Type != actual.Type || !expected.Dims.SequenceEqual(actual.Dims))
        {
            return new() { Problem = $"The tensor is {actual}; expected is {expected}.", Count = expected.Length, Mismatches = expected.Length, MaxAbsolute = double.PositiveInfinity, MaxRelative = double.PositiveInfinity, RootMeanSquare = double.PositiveInfinity, SignalToNoise = double.NegativeInfinity, Cosine = 0 };
        }

        if (expected.Type == DataType.String)
        {
            return CompareStrings(expected, actual);
        }

        return expected.Type.IsInteger() || expected.Type == DataType.Bool
            ? CompareIntegers(expected, actual, expected.Type == DataType.Bool ? 0 : tolerance.IntegerSteps)
            : CompareFloats(expected, actual, tolerance);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count} elements: max abs {MaxAbsolute:G4}, max rel {MaxRelative:G4}, rms {RootMeanSquare:G4}, SQNR {SignalToNoise:F1} dB, cosine {Cosine:F6}{(Problem is null ? "" : $". {Problem}")}");

    private static TensorComparison CompareStrings(Tensor expected, Tensor actual)
    {
        Statistics statistics = new(expected, actual);
        for (int i = 0; i < expected.Strings.Length; i++)
        {
            bool equal = string.Equals(expected.Strings[i], actual.Strings[i], StringComparison.Ordinal);
            statistics.Add(0, 0, equal ? 0 : 1, equal ? 0 : 1);
        }

        return statistics.Conclude(i => $"\"{actual.Strings[i]}\" instead of \"{expected.Strings[i]}\"");
    }

    private static TensorComparison CompareIntegers(Tensor expected, Tensor actual, int steps)
    {
        Int128[] wanted = TensorElements.ToIntegers(expected), found = TensorElements.ToIntegers(actual);
        Statistics statistics = new(expected, actual);
        for (int i = 0; i < wanted.Length; i++)
        {
            Int128 difference = Int128.Abs(found[i] - wanted[i]);
            statistics.Add((double)wanted[i], (double)found[i], (double)difference, difference > steps ? (double)(difference - steps) : 0);
        }

        return statistics.Conclude(i => $"{found[i]} instead of {wanted[i]}");
    }

    private static TensorComparison CompareFloats(Tensor expected, Tensor actual, Tolerance tolerance)
    {
        double[] wanted = TensorElements.ToDoubles(expected), found = TensorElements.ToDoubles(actual);
        Statistics statistics = new(expected, actual);
        for (int i = 0; i < wanted.Length; i++)
        {
            double w = wanted[i], f = found[i];
            if (!double.IsFinite(w) || !double.IsFinite(f))
            {
                statistics.AddNonFinite(agrees: w.Equals(f));
                continue;
            }

            double difference = Math.Abs(f - w), allowed = tolerance.Absolute + (tolerance.Relative * Math.Abs(w));
            statistics.Add(w, f, difference, difference <= allowed ? 0 : difference - allowed);
        }

        return statistics.Conclude(i => string.Create(CultureInfo.InvariantCulture, $"{found[i]:G9} instead of {wanted[i]:G9}"));
    }

    /// <summary>Collects element after element.</summary>
    private sealed class Statistics(Tensor expected, Tensor actual)
    {
        private long _count, _finite, _mismatches, _first = -1, _worst = -1;
        private double _worstExcess, _maxAbsolute, _maxRelative, _noise, _signal, _power, _product;
        private bool _broken;

        /// <summary><paramref name="excess"/>: how far beyond the tolerance, 0 if within.</summary>
        public void Add(double wanted, double found, double difference, double excess)
        {
            _finite++;
            _maxAbsolute = Math.Max(_maxAbsolute, difference);
            _maxRelative = wanted == 0 ? _maxRelative : Math.Max(_maxRelative, difference / Math.Abs(wanted));
            _noise += difference * difference;
            _signal += wanted * wanted;
            _power += found * found;
            _product += wanted * found;
            Judge(excess);
        }

        public void AddNonFinite(bool agrees)
        {
            _broken |= !agrees;
            Judge(agrees ? 0 : double.PositiveInfinity);
        }

        public TensorComparison Conclude(Func<long, string> describe)
        {
            string? problem = _mismatches == 0 ? null
                : $"{_mismatches} of {_count} elements of {actual} differ: first {Place(_first)} {describe(_first)}{(_worst == _first ? "" : $", worst {Place(_worst)} {describe(_worst)}")}.";
            return new()
            {
                Problem = problem,
                Count = _count,
                Mismatches = _mismatches,
                FirstMismatch = _first,
                WorstMismatch = _worst,
                MaxAbsolute = _broken ? double.PositiveInfinity : _maxAbsolute,
                MaxRelative = _broken ? double.PositiveInfinity : _maxRelative,
                RootMeanSquare = _broken ? double.PositiveInfinity : _finite == 0 ? 0 : Math.Sqrt(_noise / _finite),
                SignalToNoise = _broken ? double.NegativeInfinity : _noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(_signal / _noise),
                Cosine = _signal == 0 && _power == 0 ? 1 : _signal == 0 || _power == 0 ? 0 : Math.Clamp(_product / (Math.Sqrt(_signal) * Math.Sqrt(_power)), -1, 1),
            };
        }

        private void Judge(double excess)
        {
            if (excess > 0)
            {
                _mismatches++;
                _first = _first < 0 ? _count : _first;
                if (excess > _worstExcess)
                {
                    (_worstExcess, _worst) = (excess, _count);
                }
            }

            _count++;
        }

        /// <summary>The index of an element in each dimension.</summary>
        private string Place(long element)
        {
            long rest = expected.Type.IsComplex() ? element / 2 : element;
            long[] index = new long[expected.Rank];
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, expected.Dims[axis]);
            }

            return $"[{string.Join(',', index)}]{(expected.Type.IsComplex() ? element % 2 == 0 ? " (real)" : " (imaginary)" : "")}";
        }
    }
}
