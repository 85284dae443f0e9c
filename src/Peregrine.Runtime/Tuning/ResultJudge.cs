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

        return ProblemOfFloats(expected, actual, Bound(expected.Type) * (accuracy == Accuracy.Approximate ? 10 : 1) * (kind is TrialKind.Random or TrialKind.Positive ? 1 : 10));
    }

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
        double[] wanted = Load(expected), found = Load(actual);
        double largest = expected.Type switch { DataType.Float16 => 65504, DataType.Float64 => double.MaxValue, DataType.Float32 or DataType.BFloat16 => float.MaxValue, _ => double.PositiveInfinity };
        double errors = 0, squares = 0;
        long finite = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            double w = wanted[i], f = found[i];
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

        double size = finite == 0 ? 0 : Math.Sqrt(squares / finite);
        for (int i = 0; i < wanted.Length; i++)
        {
            double error = Math.Abs(wanted[i] - found[i]);
            if (error > (50 * bound * (Math.Abs(wanted[i]) + size)) + SmallestNormal)
            {
                return Describe(expected, i, wanted[i], found[i]);
            }
        }

        double relative = errors == 0 ? 0 : Math.Sqrt(errors / finite) / Math.Max(size, SmallestNormal);
        return relative <= bound || Math.Sqrt(errors / finite) <= SmallestNormal ? null : FormattableString.Invariant($"has a relative error of {relative:G3} (root mean square), {bound:G3} is allowed");
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
