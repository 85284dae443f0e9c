namespace Peregrine.Tensors;

/// <summary>The upper half of a float32: 8 exponent bits, 7 mantissa bits. Rounds to nearest even.</summary>
public readonly struct BFloat16(ushort bits) : IEquatable<BFloat16>
{
    public ushort Bits { get; } = bits;

    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            return new((ushort)((bits >> 16) | 0x40));
        }

        return new((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    public static explicit operator BFloat16(double value)
    {
        // Round to odd in float32 first, so that the second rounding cannot tie wrongly.
        float nearest = (float)value;
        if (nearest != value && !double.IsNaN(value) && !float.IsInfinity(nearest))
        {
            uint bits = BitConverter.SingleToUInt32Bits(nearest);
            if (Math.Abs((double)nearest) > Math.Abs(value))
            {
                bits--;
            }

            nearest = BitConverter.UInt32BitsToSingle(bits | 1);
        }

        return (BFloat16)nearest;
    }

    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == (float)right;

    public static bool operator !=(BFloat16 left, BFloat16 right) => !(left == right);

    public bool Equals(BFloat16 other) => Bits == other.Bits;

    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    public override int GetHashCode() => Bits;

    public override string ToString() => ((float)this).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
