namespace Peregrine.Tensors;

/// <summary>Elements of 2 and 4 bits as ONNX packs them: the first element in the lowest bits of a byte.</summary>
public static class PackedElements
{
    /// <summary>The raw bits of element <paramref name="index"/>; <paramref name="bits"/> is 2 or 4.</summary>
    public static byte GetBits(int bits, ReadOnlySpan<byte> data, long index)
    {
        int perByte = 8 / bits;
        return (byte)((data[(int)(index / perByte)] >> (int)(index % perByte * bits)) & ((1 << bits) - 1));
    }

    /// <summary>Replaces the bits of element <paramref name="index"/> by the low bits of <paramref name="value"/>.</summary>
    public static void SetBits(int bits, Span<byte> data, long index, byte value)
    {
        int perByte = 8 / bits, shift = (int)(index % perByte * bits), mask = ((1 << bits) - 1) << shift;
        ref byte target = ref data[(int)(index / perByte)];
        target = (byte)((target & ~mask) | ((value << shift) & mask));
    }

    /// <summary>Element <paramref name="index"/> of a tensor of Int4, UInt4, Int2 or UInt2 as a number.</summary>
    public static int GetInteger(DataType type, ReadOnlySpan<byte> data, long index)
    {
        int bits = type.Bits(), value = GetBits(bits, data, index);
        return type.IsSignedInteger() && value >= 1 << (bits - 1) ? value - (1 << bits) : value;
    }
}
