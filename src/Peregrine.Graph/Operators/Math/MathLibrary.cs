namespace Peregrine.Operators;

/// <summary>
/// Functions in float32 arithmetic with a tested largest error, for generated and portable kernels. Units of error: ulp, the distance of the floats around the exact result
/// (2^−149 among denormals). NaN gives NaN. Few values live at once, because epilogues run while accumulators hold most registers.
/// </summary>
public static partial class MathLibrary
{
    // Cody and Waite's split of ln 2: the first part has 15 significant bits, so its product with n is exact.
    private const float Ln2High = 0.693145751953125f;
    private const float Ln2Low = 1.42860682030941723212e-6f;
    private const float Log2E = 1.44269504088896341f;

    /// <summary>
    /// e^x, within 1 ulp; above 88.72 infinite, below −103.97 zero. x = n·ln 2 + r, e^x = 2^n · e^r with a minimax polynomial on |r| ≤ ln 2 / 2.
    /// </summary>
    public static TValue Exp<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask> =>
        ExpOfLimited<TLanes, TValue, TMask>(m, m.Max(m.Constant(-104), m.Min(m.Constant(89), x)));

    /// <summary>1 / (1 + e^−x), within 2 ulp, also where the result is a denormal. Computed from e^−|x|, which cannot overflow.</summary>
    public static TValue Sigmoid<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue e = ExpOfLimited<TLanes, TValue, TMask>(m, m.Max(m.Constant(-104), m.NegativeAbsolute(x)));
        TValue numerator = m.Select(m.Less(x, m.Constant(0)), e, m.Constant(1));
        return m.Divide(numerator, m.Add(e, m.Constant(1)));
    }

    // x in −104..89 or NaN.
    private static TValue ExpOfLimited<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue n = m.RoundEven(m.Multiply(x, m.Constant(Log2E)));
        TValue r = m.NegatedMultiplyAdd(n, m.Constant(Ln2Low), m.NegatedMultiplyAdd(n, m.Constant(Ln2High), x));
        return m.ScaleByPowerOfTwo(Polynomial<TLanes, TValue, TMask>(m, r, ExpCoefficients), n);
    }

    // Horner's scheme, the coefficient of the highest power first.
    private static TValue Polynomial<TLanes, TValue, TMask>(TLanes m, TValue x, ReadOnlySpan<float> coefficients) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue sum = m.Constant(coefficients[0]);
        foreach (float c in coefficients[1..]) { sum = m.MultiplyAdd(sum, x, m.Constant(c)); }
        return sum;
    }

    // For (e^r − 1 − r) / r²: S. Moshier's Cephes (expf).
    private static ReadOnlySpan<float> ExpCoefficients =>
        [1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f, 1, 1];
}
