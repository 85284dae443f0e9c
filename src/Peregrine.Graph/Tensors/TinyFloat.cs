namespace Peregrine.Tensors;

/// <summary>How a magnitude becomes one of float8e8m0's powers of two.</summary>
public enum ExponentRounding
{
    /// <summary>To the next power of two that is not smaller.</summary>
    Up,
    /// <summary>To the next power of two that is not larger.</summary>
    Down,
    /// <summary>To the nearest power of two; the midpoint goes up.</summary>
    Nearest,
}

/// <summary>
/// The 4 and 8 bit float formats (ONNX, "Float stored in 8 bits"; OCP Microscaling Formats 1.0): E4M3FN (no infinity, NaN = S.1111.111), E4M3FNUZ and E5M2FNUZ (no infinity,
/// no negative zero, NaN = 0x80), E5M2 (IEEE-like), E8M0 (powers of two, NaN = 0xFF), E2M1 (4 bits, no NaN).
/// </summary>
public static class TinyFloat
{
    private static readonly double SmallestPower = Math.ScaleB(1, -127);

    /// <summary>The value of a bit pattern.</summary>
    public static float Decode(DataType type, byte bits)
    {
        if (type == DataType.Float8E8M0)
        {
            return bits == 0xFF ? float.NaN : MathF.ScaleB(1, bits - 127);
        }

        Format format = FormatOf(type);
        if (format.IsNaN(bits))
        {
            // The sign survives a round trip through float.
            return MathF.CopySign(float.NaN, (bits & 0x80) != 0 ? -1 : 1);
        }

        if (format.HasInfinity && (bits & 0x7F) == 0x7C)
        {
            return (bits & 0x80) != 0 ? float.NegativeInfinity : float.PositiveInfinity;
        }

        int mantissa = bits & ((1 << format.MantissaBits) - 1);
        int exponent = (bits >> format.MantissaBits) & ((1 << format.ExponentBits) - 1);
        float magnitude = exponent == 0
            ? MathF.ScaleB(mantissa, 1 - format.Bias - format.MantissaBits)
            : MathF.ScaleB(mantissa + (1 << format.MantissaBits), exponent - format.Bias - format.MantissaBits);
        return (bits >> (format.MantissaBits + format.ExponentBits) & 1) != 0 ? -magnitude : magnitude;
    }

    /// <summary>
    /// The nearest value (ties to even). Out of range: the largest finite value if <paramref name="saturate"/>, else infinity where the format has one, NaN where not
    /// (E2M1, which has neither, always saturates).
    /// </summary>
    public static byte Encode(DataType type, double value, bool saturate)
    {
        if (type == DataType.Float8E8M0)
        {
            return EncodeExponent(value, saturate, ExponentRounding.Nearest);
        }

        Format format = FormatOf(type);
        int sign = double.IsNegative(value) ? 1 << (format.MantissaBits + format.ExponentBits) : 0;
        if (double.IsNaN(value))
        {
            // The prose on E2M1 asks for 6, but ONNX's own test cases (and the ml_dtypes behind them) turn NaN into -0.
            return format.NoNaN ? (byte)0x8 : format.IsUnsignedZero ? (byte)0x80 : (byte)(sign | 0x7F);
        }

        double magnitude = Math.Abs(value);
        int bits;
        if (double.IsInfinity(magnitude))
        {
            bits = int.MaxValue;
        }
        else if (magnitude == 0)
        {
            bits = 0;
        }
        else
        {
            int exponent = Math.Max(Math.ILogB(magnitude), 1 - format.Bias);
            double scaled = Math.Round(Math.ScaleB(magnitude, format.MantissaBits - exponent), MidpointRounding.ToEven);
            // A mantissa that rounds up to the next power of two carries into the exponent by itself.
            double code = scaled + ((double)(exponent + format.Bias - 1) * (1 << format.MantissaBits));
            bits = code > int.MaxValue ? int.MaxValue : (int)code;
        }

        if (bits > format.MaxFinite)
        {
            if (saturate || format.NoNaN)
            {
                bits = format.MaxFinite;
            }
            else if (format.HasInfinity)
            {
                bits = 0x7C;
            }
            else
            {
                return format.IsUnsignedZero ? (byte)0x80 : (byte)(sign | 0x7F);
            }
        }

        return bits == 0 && format.IsUnsignedZero ? (byte)0 : (byte)(sign | bits);
    }

    /// <summary>
    /// The float8e8m0 pattern of a magnitude (ONNX operator Cast, "FLOAT8E8M0"). Out of range (0 is below it): the smallest or largest power if
    /// <paramref name="saturate"/>, else NaN. Negative numbers have no meaning in this format and give NaN.
    /// </summary>
    public static byte EncodeExponent(double value, bool saturate, ExponentRounding rounding)
    {
        const byte Largest = 0xFE, NaN = 0xFF;
        if (double.IsNaN(value) || value < 0)
        {
            return NaN;
        }

        if (value < SmallestPower)
        {
            return saturate ? (byte)0 : NaN;
        }

        if (double.IsInfinity(value))
        {
            return saturate ? Largest : NaN;
        }

        int exponent = Math.ILogB(value);
        double power = Math.ScaleB(1, exponent);
        exponent += rounding switch
        {
            ExponentRounding.Up => value > power ? 1 : 0,
            ExponentRounding.Nearest => value >= 1.5 * power ? 1 : 0,
            _ => 0,
        };
        int code = exponent + 127;
        return code > Largest ? (saturate ? Largest : NaN) : (byte)code;
    }

    private static Format FormatOf(DataType type) => type switch
    {
        DataType.Float8E4M3FN => new(4, 3, 7, 0x7E, HasInfinity: false, IsUnsignedZero: false, NoNaN: false),
        DataType.Float8E4M3FNUZ => new(4, 3, 8, 0x7F, HasInfinity: false, IsUnsignedZero: true, NoNaN: false),
        DataType.Float8E5M2 => new(5, 2, 15, 0x7B, HasInfinity: true, IsUnsignedZero: false, NoNaN: false),
        DataType.Float8E5M2FNUZ => new(5, 2, 16, 0x7F, HasInfinity: false, IsUnsignedZero: true, NoNaN: false),
        DataType.Float4E2M1 => new(2, 1, 1, 0x7, HasInfinity: false, IsUnsignedZero: false, NoNaN: true),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private readonly record struct Format(int ExponentBits, int MantissaBits, int Bias, int MaxFinite, bool HasInfinity, bool IsUnsignedZero, bool NoNaN)
    {
        public bool IsNaN(byte bits) => !NoNaN && (IsUnsignedZero ? bits == 0x80 : HasInfinity ? (bits & 0x7F) > 0x7C : (bits & 0x7F) == 0x7F);
    }
}
