using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Operators;

/// <summary>The two inner loops of attention. Lanes and their order are fixed, so that every machine gives the same bits.</summary>
internal static class DoubleRows
{
    /// <summary>Σ aᵢ·bᵢ; both spans have the same length.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ReadOnlySpan<Vector256<double>> left = MemoryMarshal.Cast<double, Vector256<double>>(a), right = MemoryMarshal.Cast<double, Vector256<double>>(b[..a.Length]);
        Vector256<double> even = Vector256<double>.Zero, odd = Vector256<double>.Zero;
        int i = 0;
        for (; i + 1 < left.Length; i += 2)
        {
            even += left[i] * right[i];
            odd += left[i + 1] * right[i + 1];
        }

        if (i < left.Length)
        {
            even += left[i] * right[i];
        }

        double sum = Vector256.Sum(even + odd);
        for (int k = 4 * left.Length; k < a.Length; k++)
        {
            sum += a[k] * b[k];
        }

        return sum;
    }

    /// <summary>target += factor · x; both spans have the same length.</summary>
    public static void AddScaled(Span<double> target, double factor, ReadOnlySpan<double> x)
    {
        Span<Vector256<double>> sums = MemoryMarshal.Cast<double, Vector256<double>>(target);
        ReadOnlySpan<Vector256<double>> terms = MemoryMarshal.Cast<double, Vector256<double>>(x[..target.Length]);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += terms[i] * factor;
        }

        for (int k = 4 * sums.Length; k < target.Length; k++)
        {
            target[k] += x[k] * factor;
        }
    }
}
