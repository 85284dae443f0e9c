namespace Peregrine.Operators;

/// <summary>
/// Functions in float32 arithmetic with a tested largest error, for generated and portable kernels. Errors are in ulp, the distance between the two floats around the exact result
/// (2^−149 among denormals). NaN gives NaN; where the result is zero, its sign is unspecified. Few values live at once, because epilogues run while accumulators hold most registers.
/// Polynomials are minimax ones (Lawson's iteration), their coefficients then searched among neighbouring floats for the smallest error in float32 arithmetic.
/// </summary>
public static class MathLibrary
{
    // Cody and Waite's split of ln 2: the first part has 15 significant bits, so its product with n is exact.
    private const float Ln2High = 0.693145751953125f;
    private const float Ln2Low = 1.42860682030941723212e-6f;

    // 1.5·2^23: sums near it are whole, and their last bits those of what was added.
    private const float WholeFrom = 12582912;
    private const float Log2E = 1.44269504088896341f;

    // e^r on |r| ≤ ln 2 / 2, from the highest power to r⁰.
    private static ReadOnlySpan<float> ExpCoefficients => [0.0013835507f, 0.00837498344f, 0.0416682363f, 0.166664526f, 0.499999911f, 1, 1];

    // 1.5·2^18: sums near it are multiples of 1/32, and their last bits the number of these.
    private const float PartsFrom = 393216;

    // The float nearest to ln 2 is 2.8e-9 of itself away, so one product is exact enough for remainders of 1/32.
    private const float Ln2 = 0.693147182f;

    // c·e^−r on |r| ≤ ln 2 / 64. The factor keeps the sum below 1, where floats lie twice as close, and was searched for the smallest error of the whole.
    private const float Root32Factor = 0.966797292f;
    private static ReadOnlySpan<float> MirroredRootCoefficients => [0.483403385f, -0.966811478f, Root32Factor];

    // c·2^r on 0..1/32.
    private static ReadOnlySpan<float> RootCoefficients => [0.234778553f, 0.670102477f, 0.966797352f];

    // The bit patterns of 2^(i/32) / c less i·2^18 (IFloatLanes.SplitPower).
    private static ReadOnlySpan<uint> Roots32 =>
    [
        0x3F84655A, 0x3F834B85, 0x3F8241F0, 0x3F8148F7, 0x3F8060F6, 0x3F7F8A4D, 0x3F7EC55D, 0x3F7E1289, 0x3F7D7237, 0x3F7CE4CE, 0x3F7C6AB9, 0x3F7C0464, 0x3F7BB23D, 0x3F7B74B6, 0x3F7B4C42, 0x3F7B3958,
        0x3F7B3C70, 0x3F7B5605, 0x3F7B8696, 0x3F7BCEA4, 0x3F7C2EB1, 0x3F7CA746, 0x3F7D38EA, 0x3F7DE42B, 0x3F7EA998, 0x3F7F89C4, 0x3F808545, 0x3F819CB4, 0x3F82D0AE, 0x3F8421D2, 0x3F8590C5, 0x3F858F16,
    ];

    // (e^r − 1 − r) / r² on the same range.
    private static ReadOnlySpan<float> Expm1Coefficients => [0.00138827681f, 0.00836621784f, 0.0416669697f, 0.16666545f, 0.5f];

    // log(1 − erf(t)) / t on 0..4.
    private static ReadOnlySpan<float> ErfCoefficients =>
        [-4.12041118e-05f, 0.000384732295f, -0.00126254675f, -0.00019029637f, 0.0193104632f, -0.102810755f, -0.636616766f, -1.12837923f];

    // (log(1 + f) − f + f²/2) / f³ on √½ − 1 .. √2 − 1: S. Moshier's Cephes (logf).
    private static ReadOnlySpan<float> LogCoefficients =>
    [
        7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f,
    ];

    /// <summary>e^x, within 1 ulp; above 88.72 infinite, below −103.97 zero. x = n·ln 2 + r, e^x = 2^n · e^r.</summary>
    public static TValue Exp<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask> =>
        ExpOfLimited<TLanes, TValue, TMask>(m, m.Max(m.Constant(-104), m.Min(m.Constant(89), x)));

    /// <summary>1 / (1 + e^−x), within 3 ulp, also where the result is a denormal. Computed from e^−|x|, which cannot overflow.</summary>
    public static TValue Sigmoid<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue e = ExpOfLimited<TLanes, TValue, TMask>(m, m.Max(m.Constant(-104), m.NegativeAbsolute(x)));
        TValue numerator = m.Select(m.Less(x, m.Constant(0)), e, m.Constant(1));
        return m.Divide(numerator, m.Add(e, m.Constant(1)));
    }

    /// <summary>
    /// x / (1 + e^−a), the product of x and the sigmoid of a, within 3 ulp for a ≥ −16 and 6 for a ≥ −80, with <see cref="IFloatLanes{TValue, TMask}.SplitsPowers"/> within 3 for a ≥ −1, 16 for a ≥ −16 and 70 for
    /// a ≥ −80. Below, where the sigmoid is less than 2^−115, it may come out as anything between 0 and 1.5 times itself, and below −88.7 as 0. That spares the choice between two numerators that the sigmoid
    /// alone needs.
    /// </summary>
    /// <remarks>
    /// Multiply-adds are what processors have least of beside a division; so roots of 2 are looked up and polynomials short. Where powers are split by instructions, e^−a is 2^(−a·log₂e), which loses last bits
    /// where e^−a is large, and no a needs a limit. Elsewhere a = −n·ln 2 + r for a multiple n of 1/32, rounded by adding a number whose last bit is 1/32, and e^−a = 2^n · e^−r; the coefficients of odd powers
    /// change their signs, so a need not.
    /// </remarks>
    public static TValue SigmoidProduct<TLanes, TValue, TMask>(TLanes m, TValue x, TValue a) where TLanes : IFloatLanes<TValue, TMask>
    {
        if (m.SplitsPowers)
        {
            (TValue power, TValue remainder) = m.SplitPower(m.Multiply(a, m.Constant(-Log2E)), Roots32);
            return m.Divide(x, m.MultiplyAdd(Polynomial<TLanes, TValue, TMask>(m, remainder, RootCoefficients), power, m.Constant(1)));
        }

        TValue limited = m.Max(m.Constant(-88.7f), m.Min(m.Constant(87), a));
        TValue k = m.MultiplyAdd(limited, m.Constant(-Log2E), m.Constant(PartsFrom));
        TValue n = m.Subtract(k, m.Constant(PartsFrom));
        TValue r = m.MultiplyAdd(n, m.Constant(Ln2), limited);
        TValue e = Polynomial<TLanes, TValue, TMask>(m, r, MirroredRootCoefficients);
        return m.Divide(x, m.MultiplyAdd(e, m.PowerByTable(k, Roots32), m.Constant(1)));
    }

    /// <summary>e^x − 1, within 2 ulp; above 88.72 infinite. The sum is formed at half its size, which does not overflow before the result does.</summary>
    public static TValue Expm1<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        (TValue n, TValue p) = Expm1OfRest<TLanes, TValue, TMask>(m, m.Max(m.Constant(-18), m.Min(m.Constant(89), x)));
        TValue half = m.PowerOfTwo(m.Subtract(n, m.Constant(1)));
        TValue sum = m.MultiplyAdd(p, half, m.Subtract(half, m.Constant(0.5f)));
        return m.Add(sum, sum);
    }

    /// <summary>tanh(x), within 3 ulp: E / (E + 2) with E = e^2x − 1.</summary>
    public static TValue Tanh<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue limited = m.Max(m.Constant(-9.125f), m.Min(m.Constant(9.125f), x));
        (TValue n, TValue p) = Expm1OfRest<TLanes, TValue, TMask>(m, m.Add(limited, limited));
        TValue scale = m.PowerOfTwo(n);
        TValue e = m.MultiplyAdd(p, scale, m.Subtract(scale, m.Constant(1)));
        return m.Divide(e, m.Add(e, m.Constant(2)));
    }

    /// <summary>tanh(log(1 + e^x)), the gate of Mish, within 4 ulp: w / (w + 2) with w = e^x·(e^x + 2).</summary>
    public static TValue TanhSoftplus<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue e = ExpOfLimited<TLanes, TValue, TMask>(m, m.Max(m.Constant(-104), m.Min(m.Constant(20), x)));
        TValue w = m.Multiply(e, m.Add(e, m.Constant(2)));
        return m.Divide(w, m.Add(w, m.Constant(2)));
    }

    /// <summary>
    /// erf(x), within 3 ulp: ±(1 − e^(|x|·P(|x|))), where log(1 − erf) / |x| is smooth; there are no cases to select from.
    /// </summary>
    /// <param name="m">The arithmetic.</param>
    /// <param name="x">The argument.</param>
    /// <param name="sign">A value with the sign of x: x itself, or what x is a positive multiple of, so that fewer values live.</param>
    public static TValue Erf<TLanes, TValue, TMask>(TLanes m, TValue x, TValue sign) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue t = m.Min(m.Constant(4), m.Absolute(x));
        (TValue n, TValue p) = Expm1OfRest<TLanes, TValue, TMask>(m, m.Multiply(Polynomial<TLanes, TValue, TMask>(m, t, ErfCoefficients), t));
        TValue scale = m.PowerOfTwo(n);
        return m.WithSign(m.NegatedMultiplyAdd(p, scale, m.Subtract(m.Constant(1), scale)), sign);
    }

    /// <summary>log(x), within 1 ulp, for denormals too; −∞ of 0, NaN below.</summary>
    public static TValue Log<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        (TValue exponent, TValue mantissa) = m.Split(x);
        TValue f = m.Subtract(mantissa, m.Constant(1));
        TValue square = m.Multiply(f, f);
        TValue rest = m.Multiply(m.Multiply(Polynomial<TLanes, TValue, TMask>(m, f, LogCoefficients), f), square);
        rest = m.MultiplyAdd(exponent, m.Constant(Ln2Low), rest);
        TValue log = m.MultiplyAdd(exponent, m.Constant(Ln2High), m.Add(f, m.NegatedMultiplyAdd(square, m.Constant(0.5f), rest)));
        log = m.Select(m.Less(x, m.Constant(float.PositiveInfinity)), log, x);
        TValue special = m.Select(m.Equal(x, m.Constant(0)), m.Constant(float.NegativeInfinity), m.Constant(float.NaN));
        return m.Select(m.Less(m.Constant(0), x), log, special);
    }

    /// <summary>log(1 + x), within 2 ulp; −∞ of −1, NaN below. What 1 + x lost by rounding is added to its logarithm: c / (1 + x).</summary>
    public static TValue Log1p<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue u = m.Add(x, m.Constant(1));
        TValue log = Log<TLanes, TValue, TMask>(m, u);
        TValue lost = m.Divide(m.Subtract(x, m.Subtract(u, m.Constant(1))), u);

        // It is NaN at −1 and ∞, where the logarithm needs no correction.
        return m.Select(m.Less(lost, m.Constant(1)), m.Add(log, lost), log);
    }

    // x in −104..89 or NaN.
    private static TValue ExpOfLimited<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        (TValue n, TValue r) = Reduce<TLanes, TValue, TMask>(m, x);
        return m.ScaleByPowerOfTwo(Polynomial<TLanes, TValue, TMask>(m, r, ExpCoefficients), n);
    }

    // n and e^r − 1 of x = n·ln 2 + r.
    private static (TValue N, TValue P) Expm1OfRest<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        (TValue n, TValue r) = Reduce<TLanes, TValue, TMask>(m, x);
        TValue q = Polynomial<TLanes, TValue, TMask>(m, r, Expm1Coefficients);
        return (n, m.MultiplyAdd(q, m.Multiply(r, r), r));
    }

    private static (TValue N, TValue R) Reduce<TLanes, TValue, TMask>(TLanes m, TValue x) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue n = m.RoundEven(m.Multiply(x, m.Constant(Log2E)));
        return (n, m.NegatedMultiplyAdd(n, m.Constant(Ln2Low), m.NegatedMultiplyAdd(n, m.Constant(Ln2High), x)));
    }

    // Horner's scheme.
    private static TValue Polynomial<TLanes, TValue, TMask>(TLanes m, TValue x, ReadOnlySpan<float> coefficients) where TLanes : IFloatLanes<TValue, TMask>
    {
        TValue sum = m.Constant(coefficients[0]);
        foreach (float c in coefficients[1..]) { sum = m.MultiplyAdd(sum, x, m.Constant(c)); }
        return sum;
    }
}
