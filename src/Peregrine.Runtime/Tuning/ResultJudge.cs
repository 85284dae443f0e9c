using System.Numerics;
using System.Runtime.InteropServices;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Decides whether a kernel's result is that of the reference. Exact operators: equal. Sums of floats: the root mean square of the differences relative to that of the expected values stays
/// below a bound of the element type, and no single element is far off. Integers that come from floats: one step apart at most, and few of them.
/// </summary>
internal static class ResultJudge
{
    // Smaller numbers may be flushed to 0.
    private const double SmallestNormal = 1.1754943508222875e-38;

    /// <summary>What is wrong, as the end of a sentence that begins with the kernel; null if it is right.</summary>
    public static string? Problem(Tensor expected, Tensor actual, Accuracy accuracy, TrialKind kind)
    {
        if (expected.Type.Bits() < 8 || expected.Type.IsComplex())
        {
            return expected.Data.Span.SequenceEqual(actual.Data.Span) ? null : "gives other bits than the reference";
        }

        if (accuracy == Accuracy.Exact || !expected.Type.IsFloat())
        {
            return expected.Data.Span.SequenceEqual(actual.Data.Span) ? null : ProblemOfExact(expected, actual, accuracy == Accuracy.Exact);
        }

        return ProblemOfFloats(expected, actual, Bound(expected.Type, accuracy, kind));
    }

    /// <summary>A quick look at stored bytes, in any layout: true if they are right beyond doubt, which is the rule; otherwise <see cref="Problem"/> decides.</summary>
    public static bool IsObviouslyRight(DataType type, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, Accuracy accuracy, TrialKind kind)
    {
        if (accuracy == Accuracy.Exact || type != DataType.Float32)
        {
            return expected.SequenceEqual(actual);
        }

        double bound = Bound(type, accuracy, kind), errors = 0, squares = 0;
        ReadOnlySpan<float> wanted = MemoryMarshal.Cast<byte, float>(expected), found = MemoryMarshal.Cast<byte, float>(actual);
        float largest = 0;
        for (int begin = 0; begin < wanted.Length; begin += 4096)
        {
            int length = Math.Min(4096, wanted.Length - begin);
            (float blockErrors, float blockSquares, float blockLargest) = Sums(wanted.Slice(begin, length), found.Slice(begin, length));
            errors += blockErrors;
            squares += blockSquares;
            largest = Math.Max(largest, blockLargest);
        }

        // What is infinite or NaN ends in a comparison that is false.
        return errors <= bound * bound * squares && largest <= 50 * bound * Math.Sqrt(squares / Math.Max(1, wanted.Length)) && double.IsFinite(squares);
    }

    private static (float Errors, float Squares, float Largest) Sums(ReadOnlySpan<float> wanted, ReadOnlySpan<float> found)
    {
        Vector<float> errors = default, squares = default, largest = default;
        int at = 0;
        for (; at <= wanted.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            Vector<float> w = new(wanted[at..]), difference = w - new Vector<float>(found[at..]);
            errors += difference * difference;
            squares += w * w;
            largest = Vector.Max(largest, Vector.Abs(difference));
        }

        (float e, float s, float l) = (Vector.Sum(errors), Vector.Sum(squares), 0);
        for (int i = 0; i < Vector<float>.Count; i++)
        {
            l = Math.Max(l, largest[i]);
        }

        for (; at < wanted.Length; at++)
        {
            float difference = wanted[at] - found[at];
            (e, s, l) = (e + (difference * difference), s + (wanted[at] * wanted[at]), Math.Max(l, Math.Abs(difference)));
        }

        return (e, s, l);
    }

    private static double Bound(DataType type, Accuracy accuracy, TrialKind kind) => Bound(type) * (accuracy == Accuracy.Approximate ? 10 : 1) * (kind is TrialKind.Random or TrialKind.Positive ? 1 : 10);

    /// <summary>The relative root mean square of the errors that sums in this type may have.</summary>
    private static double Bound(DataType type) => type switch
    {
        DataType.Float64 => 1e-12,
        DataType.Float32 => 2e-5,
        DataType.Float16 => 2e-3,
        DataType.BFloat16 => 1e-2,
        _ => 0.1,
    };

    private static string? ProblemOfExact(Tensor expected, Tensor actual, bool isExact)
    {
        double[] wanted = Load(expected), found = Load(actual);
        // A sum that lies at a rounding edge may fall to either side.
        long allowed = isExact ? 0 : Math.Max(1, wanted.Length / 100), different = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] != found[i] && !(double.IsNaN(wanted[i]) && double.IsNaN(found[i])))
            {
                different++;
                if (isExact || Math.Abs(wanted[i] - found[i]) > 1 || different > allowed)
                {
                    return Describe(expected, i, wanted[i], found[i]);
                }
            }
        }

        // Large 64-bit integers may differ without differing as doubles.
        return isExact && !expected.Type.IsFloat() ? "gives other bits than the reference" : null;
    }

    private static string? ProblemOfFloats(Tensor expected, Tensor actual, double bound)
    {
        double largest = expected.Type switch { DataType.Float16 => 65504, DataType.Float64 => double.MaxValue, DataType.Float32 or DataType.BFloat16 => float.MaxValue, _ => double.PositiveInfinity };
        if (expected.Type == DataType.Float64)
        {
            return ProblemOf<double>(expected, expected.Span<double>(), actual.Span<double>(), bound, largest);
        }

        return expected.Type == DataType.Float32
            ? ProblemOf<float>(expected, expected.Span<float>(), actual.Span<float>(), bound, largest)
            : ProblemOf<double>(expected, Load(expected), Load(actual), bound, largest);
    }

    private static string? ProblemOf<T>(Tensor expected, ReadOnlySpan<T> wanted, ReadOnlySpan<T> found, double bound, double largest) where T : unmanaged, IFloatingPointIeee754<T>
    {
        double errors = 0, squares = 0;
        long finite = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            double w = double.CreateTruncating(wanted[i]), f = double.CreateTruncating(found[i]);
            if (double.IsFinite(w) && double.IsFinite(f))
            {
                squares += w * w;
                errors += (w - f) * (w - f);
                finite++;
            }
            else if (!(w == f || (double.IsNaN(w) && double.IsNaN(f)) || (!double.IsNaN(w) && !double.IsNaN(f) && Math.Sign(w) == Math.Sign(f) && Math.Min(Math.Abs(w), Math.Abs(f)) > largest / 2)))
            {
                return Describe(expected, i, w, f);
            }
        }

        double size = finite == 0 ? 0 : Math.Sqrt(squares / finite), error = finite == 0 ? 0 : Math.Sqrt(errors / finite);
        for (int i = 0; i < wanted.Length; i++)
        {
            double w = double.CreateTruncating(wanted[i]), f = double.CreateTruncating(found[i]);
            // Infinite differences were judged above; NaN compares as false.
            if (Math.Abs(w - f) > (50 * bound * (Math.Abs(w) + size)) + SmallestNormal && double.IsFinite(w) && double.IsFinite(f))
            {
                return Describe(expected, i, w, f);
            }
        }

        return error <= bound * size || error <= SmallestNormal ? null : FormattableString.Invariant($"has a relative error of {error / Math.Max(size, SmallestNormal):G3} (root mean square), {bound:G3} is allowed");
    }

    private static double[] Load(Tensor tensor)
    {
        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values;
    }

    private static string Describe(Tensor tensor, int index, double wanted, double found)
    {
        long[] at = new long[tensor.Rank];
        long rest = index;
        for (int axis = at.Length - 1; axis >= 0; axis--)
        {
            (rest, at[axis]) = Math.DivRem(rest, tensor.Dims[axis]);
        }

        return FormattableString.Invariant($"gives {found:G9} at [{string.Join(',', at)}], the reference {wanted:G9}");
    }
}
