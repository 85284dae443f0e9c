using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>Elements of any numeric tensor as <c>double</c>. Written from the formats' definitions, apart from the product's own conversions, so that it can judge them.</summary>
public static class TensorElements
{
    /// <summary>All elements in row-major order; a complex tensor gives real and imaginary parts in turn. 64-bit integers beyond 2^53 are rounded. Strings throw <see cref="NotSupportedException"/>.</summary>
    public static double[] ToDoubles(Tensor tensor)
    {
        ReadOnlySpan<byte> data = tensor.Data.Span;
        return tensor.Type switch
        {
            DataType.Float32 or DataType.Complex64 => Convert<float>(data, x => x),
            DataType.Float64 or DataType.Complex128 => MemoryMarshal.Cast<byte, double>(data).ToArray(),
            DataType.Float16 => Convert<Half>(data, x => (double)x),
            DataType.BFloat16 => Convert<ushort>(data, x => BitConverter.UInt32BitsToSingle((uint)x << 16)),
            DataType.UInt8 or DataType.Bool => Convert<byte>(data, x => x),
            DataType.Int8 => Convert<sbyte>(data, x => x),
            DataType.UInt16 => Convert<ushort>(data, x => x),
            DataType.Int16 => Convert<short>(data, x => x),
            DataType.UInt32 => Convert<uint>(data, x => x),
            DataType.Int32 => Convert<int>(data, x => x),
            DataType.UInt64 => Convert<ulong>(data, x => x),
            DataType.Int64 => Convert<long>(data, x => x),
            DataType.Float8E4M3FN => Convert<byte>(data, x => (x & 0x7F) == 0x7F ? double.NaN : SmallFloat(x, 4, 3, 7)),
            DataType.Float8E4M3FNUZ => Convert<byte>(data, x => x == 0x80 ? double.NaN : SmallFloat(x, 4, 3, 8)),
            DataType.Float8E5M2 => Convert<byte>(data, FromE5M2),
            DataType.Float8E5M2FNUZ => Convert<byte>(data, x => x == 0x80 ? double.NaN : SmallFloat(x, 5, 2, 16)),
            DataType.Float8E8M0 => Convert<byte>(data, x => x == 0xFF ? double.NaN : Math.ScaleB(1, x - 127)),
            DataType.UInt4 => Unpack(tensor, 4, x => x),
            DataType.Int4 => Unpack(tensor, 4, x => x >= 8 ? x - 16 : x),
            DataType.Float4E2M1 => Unpack(tensor, 4, x => SmallFloat(x, 2, 1, 1)),
            DataType.UInt2 => Unpack(tensor, 2, x => x),
            DataType.Int2 => Unpack(tensor, 2, x => x >= 2 ? x - 4 : x),
            _ => throw new NotSupportedException($"Elements of {tensor.Type.Name()} are no numbers."),
        };
    }

    /// <summary>The elements of an integer or boolean tensor, exact.</summary>
    internal static Int128[] ToIntegers(Tensor tensor) => tensor.Type switch
    {
        DataType.UInt64 => Array.ConvertAll(tensor.Span<ulong>().ToArray(), x => (Int128)x),
        DataType.Int64 => Array.ConvertAll(tensor.Span<long>().ToArray(), x => (Int128)x),
        _ => Array.ConvertAll(ToDoubles(tensor), x => (Int128)x),
    };

    private static double[] Convert<T>(ReadOnlySpan<byte> data, Func<T, double> convert) where T : unmanaged
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(data);
        double[] values = new double[elements.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = convert(elements[i]);
        }

        return values;
    }

    private static double[] Unpack(Tensor tensor, int bits, Func<int, double> convert)
    {
        ReadOnlySpan<byte> data = tensor.Data.Span;
        double[] values = new double[tensor.Length];
        int perByte = 8 / bits;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = convert((data[i / perByte] >> (i % perByte * bits)) & ((1 << bits) - 1));
        }

        return values;
    }

    /// <summary>Sign, exponent and mantissa of a format in which every exponent is finite.</summary>
    private static double SmallFloat(int bits, int exponentBits, int mantissaBits, int bias)
    {
        int mantissa = bits & ((1 << mantissaBits) - 1), exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
        // Exponent 0 has no hidden bit, and counts as exponent 1.
        double magnitude = Math.ScaleB(exponent == 0 ? mantissa : mantissa + (1 << mantissaBits), Math.Max(exponent, 1) - bias - mantissaBits);
        return (bits >> (mantissaBits + exponentBits)) == 0 ? magnitude : -magnitude;
    }

    private static double FromE5M2(byte bits) => (bits & 0x7F) switch
    {
        < 0x7C => SmallFloat(bits, 5, 2, 15),
        0x7C => bits < 0x80 ? double.PositiveInfinity : double.NegativeInfinity,
        _ => double.NaN,
    };
}
