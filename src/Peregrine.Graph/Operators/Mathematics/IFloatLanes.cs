namespace Peregrine.Operators;

/// <summary>
/// The float32 operations that <see cref="MathLibrary"/> is made of. One text of a function serves every implementation: one that computes, and one that writes instructions.
/// All round to nearest even and keep denormals.
/// </summary>
/// <typeparam name="TValue">A float, a vector of floats, or a register that will hold some.</typeparam>
/// <typeparam name="TMask">A truth value for each lane.</typeparam>
public interface IFloatLanes<TValue, TMask>
{
    /// <summary>The constant in all lanes.</summary>
    TValue Constant(float value);

    /// <summary>a + b.</summary>
    TValue Add(TValue a, TValue b);

    /// <summary>a − b.</summary>
    TValue Subtract(TValue a, TValue b);

    /// <summary>a · b.</summary>
    TValue Multiply(TValue a, TValue b);

    /// <summary>a / b.</summary>
    TValue Divide(TValue a, TValue b);

    /// <summary>a · b + c, rounded once.</summary>
    TValue MultiplyAdd(TValue a, TValue b, TValue c);

    /// <summary>c − a · b, rounded once.</summary>
    TValue NegatedMultiplyAdd(TValue a, TValue b, TValue c);

    /// <summary>a &lt; b ? a : b, so b where either is NaN or both are zero.</summary>
    TValue Min(TValue a, TValue b);

    /// <summary>a &gt; b ? a : b, so b where either is NaN or both are zero.</summary>
    TValue Max(TValue a, TValue b);

    /// <summary>The nearest whole number, ties to even.</summary>
    TValue RoundEven(TValue a);

    /// <summary>−|a|.</summary>
    TValue NegativeAbsolute(TValue a);

    /// <summary>a · 2^n, rounded once; |a| in 0.5..4 or NaN, n whole in −250..250. Anything else is unspecified.</summary>
    TValue ScaleByPowerOfTwo(TValue a, TValue n);

    /// <summary>|a|.</summary>
    TValue Absolute(TValue a);

    /// <summary>2^n, n whole in −126..127 or NaN, whose result is unspecified.</summary>
    TValue PowerOfTwo(TValue n);

    /// <summary>Whether <see cref="SplitPower"/> takes few instructions; it is unspecified elsewhere.</summary>
    bool SplitsPowers { get; }

    /// <summary>
    /// 2^q = power / c · 2^remainder with remainder in 0..1/32, by a table of the patterns of c·2^(i/32) less i·2^18, which lie between 1 and 3: the remainder is rounded down, and power is c·2^(⌊32q⌋/32), infinite or zero where that is too large or
    /// small. The remainder of an infinite q is 0. NaN gives NaN.
    /// </summary>
    (TValue Power, TValue Remainder) SplitPower(TValue q, ReadOnlySpan<uint> table);

    /// <summary>
    /// c·2^n by the same kind of table; infinity where that is too large. n is a multiple of 1/32 in −126..127.97, and <paramref name="k"/> = 1.5·2^18 + n, so that the lowest five bits of k's pattern are the
    /// number of the entry, and the pattern shifted left by 18 has n's whole part where exponents are and what entries are less behind it. Of others, and NaN, something unspecified.
    /// </summary>
    TValue PowerByTable(TValue k, ReadOnlySpan<uint> table);

    /// <summary>a = 2^exponent · mantissa with the mantissa in √½..√2, for a &gt; 0 and finite, denormals included; else unspecified.</summary>
    (TValue Exponent, TValue Mantissa) Split(TValue a);

    /// <summary>The number <paramref name="a"/>, which must have no sign, with the sign of the second.</summary>
    TValue WithSign(TValue a, TValue sign);

    /// <summary>a &lt; b; false where either is NaN.</summary>
    TMask Less(TValue a, TValue b);

    /// <summary>a = b; false where either is NaN.</summary>
    TMask Equal(TValue a, TValue b);

    /// <summary>Where the mask is set <paramref name="whenTrue"/>, else <paramref name="whenFalse"/>.</summary>
    TValue Select(TMask mask, TValue whenTrue, TValue whenFalse);
}
