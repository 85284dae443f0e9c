namespace Peregrine.Operators;

/// <summary>
/// The error function and its relatives in double precision.
/// Method of <see cref="Erf"/>: Taylor expansion about the nearest of evenly spaced points; with x = p + t, erf(x) = erf(p) + 2/√π·e^(-p²)·∫₀ᵗ e^(-2ps-s²)ds, whose
/// integrand's coefficients obey (n+1)·g(n+1) = -2p·g(n) - 2·g(n-1). erf(p) itself comes from the series of positive terms
/// erf(p) = 2/√π·e^(-p²)·Σ 2ⁿp^(2n+1)/(2n+1)!! (Abramowitz and Stegun 7.1.6), summed in 28 decimal digits.
/// </summary>
internal static class SpecialFunctions
{
    private const int PointsPerUnit = 16;
    private const int Terms = 12;

    // 1 - erf(6) is 2·10^-17: from here on the nearest double is 1.
    private const int Limit = 6;
    private const decimal TwoOverRootPi = 1.1283791670955125738961589031m;

    private static readonly double[] Values = new double[(Limit * PointsPerUnit) + 1];
    private static readonly double[] Coefficients = new double[Values.Length * Terms];

#pragma warning disable CA1810 // The two tables come from one computation.
    static SpecialFunctions()
#pragma warning restore CA1810
    {
        for (int i = 0; i < Values.Length; i++)
        {
            decimal p = (decimal)i / PointsPerUnit, square = p * p;
            decimal sum = 0, term = p;
            for (int n = 1; term > 1e-27m; n++)
            {
                sum += term;
                term = term * 2 * square / ((2 * n) + 1);
            }

            decimal exponential = 1, power = 1;
            for (int n = 1; power > 1e-27m; n++)
            {
                power = power * square / n;
                exponential += power;
            }

            decimal slope = TwoOverRootPi / exponential;
            Values[i] = (double)(TwoOverRootPi * sum / exponential);
            decimal previous = 0, g = 1;
            for (int n = 0; n < Terms; n++)
            {
                Coefficients[(i * Terms) + n] = (double)(slope * g / (n + 1));
                (previous, g) = (g, ((-2 * p * g) - (2 * previous)) / (n + 1));
            }
        }
    }

    /// <summary>erf(x); odd, so -0 stays -0; NaN gives NaN. Error at most 2 ulp (tested).</summary>
    public static double Erf(double x)
    {
        double magnitude = Math.Abs(x);
        if (!(magnitude < Limit))
        {
            return double.IsNaN(x) ? x : Math.CopySign(1, x);
        }

        int point = (int)((magnitude * PointsPerUnit) + 0.5);
        double t = magnitude - ((double)point / PointsPerUnit);
        ReadOnlySpan<double> g = Coefficients.AsSpan(point * Terms, Terms);
        double sum = g[Terms - 1];
        for (int n = Terms - 2; n >= 0; n--)
        {
            sum = (sum * t) + g[n];
        }

        return Math.CopySign(Values[point] + (sum * t), x);
    }

    /// <summary>log(1 + x) by W. Kahan's correction: the rounding error of 1 + x is divided out again.</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 || double.IsPositiveInfinity(u) ? x : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1 by W. Kahan's correction: the rounding error of exp(x) is divided out again.</summary>
    public static double Expm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1)
        {
            return x;
        }

        double difference = u - 1;
        return difference == -1 || double.IsPositiveInfinity(u) ? difference : difference * (x / Math.Log(u));
    }

    /// <summary>1/(1 + exp(-x)), without overflow.</summary>
    public static double Sigmoid(double x)
    {
        double e = Math.Exp(-Math.Abs(x));
        return x < 0 ? e / (1 + e) : 1 / (1 + e);
    }
}
