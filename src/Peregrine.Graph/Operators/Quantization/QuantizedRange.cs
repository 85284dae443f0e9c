using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The rounding and saturation that all quantising operators share.</summary>
internal static class QuantizedRange
{
    /// <summary>The integer types of 2 to 16 bits, float8 and float4: what values can be quantised to.</summary>
    public static bool IsQuantized(DataType type) => (type.IsInteger() && type.Bits() <= 16) || (type.IsTinyFloat() && type != DataType.Float8E8M0);

    public static long Lowest(DataType type) => type.IsSignedInteger() ? -(1L << (type.Bits() - 1)) : 0;

    public static long Highest(DataType type) => type.IsSignedInteger() ? (1L << (type.Bits() - 1)) - 1 : (1L << type.Bits()) - 1;

    /// <summary>saturate(roundHalfEven(<paramref name="value"/>) + zeroPoint) for integer types; NaN gives the lowest number.</summary>
    public static long ToInteger(double value, double zeroPoint, double lowest, double highest)
    {
        double shifted = Math.Round(value, MidpointRounding.ToEven) + zeroPoint;
        return double.IsNaN(shifted) ? (long)lowest : (long)Math.Clamp(shifted, lowest, highest);
    }

    /// <summary>Writes quantised values, with one zero point each, into a float8 or float4 tensor.</summary>
    public static void StoreTiny(Tensor target, long index, double value, double zeroPoint, bool saturate)
    {
        // Adding a zero would lose the sign of -0.
        byte bits = TinyFloat.Encode(target.Type, zeroPoint == 0 ? value : value + zeroPoint, saturate);
        if (target.Type.Bits() == 4)
        {
            PackedElements.SetBits(4, target.Data.Span, index, bits);
        }
        else
        {
            target.Data.Span[(int)index] = bits;
        }
    }

    /// <summary>The nearest number of a float type.</summary>
    public static double RoundTo(DataType type, double value) => type switch
    {
        DataType.Float32 => (float)value,
        DataType.Float16 => (double)(Half)value,
        DataType.BFloat16 => (float)(BFloat16)value,
        _ => value,
    };
}
