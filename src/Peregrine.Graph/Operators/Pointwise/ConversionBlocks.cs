using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The conversions of <see cref="ConvertExpr"/> on blocks of 64-bit values (doubles for float types, longs for all others).</summary>
internal static class ConversionBlocks
{
    /// <param name="target">May be the source's memory.</param>
    public static void Convert(in PointwiseInstruction step, Span<long> source, Span<long> target)
    {
        DataType from = step.Type, to = step.Result;
        Span<double> doubles = PointwiseBlocks.Doubles(target);
        if (from.IsFloat())
        {
            ReadOnlySpan<double> x = PointwiseBlocks.Doubles(source);
            if (to.IsFloat())
            {
                Round(step, x, doubles);
            }
            else if (to == DataType.Bool)
            {
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = x[i] == 0 ? 0 : 1;
                }
            }
            else
            {
                Truncate(to, x, target);
                IntegerBlocks.Wrap(to, target, target);
            }
        }
        else if (to.IsFloat())
        {
            ToDouble(from, to, source, doubles);
            Round(step, doubles, doubles);
        }
        else if (to == DataType.Bool)
        {
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = source[i] == 0 ? 0 : 1;
            }
        }
        else
        {
            IntegerBlocks.Wrap(to, source, target);
        }
    }

    private static void Truncate(DataType to, ReadOnlySpan<double> x, Span<long> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            // .NET's conversions saturate at 64 bits and turn NaN into 0. Negative numbers keep their low bits in unsigned types, too.
            target[i] = to == DataType.UInt64 && x[i] >= 0 ? unchecked((long)(ulong)x[i]) : (long)x[i];
        }
    }

    private static void ToDouble(DataType from, DataType to, ReadOnlySpan<long> x, Span<double> target)
    {
        bool unsigned = from == DataType.UInt64, direct = to == DataType.Float64;
        for (int i = 0; i < target.Length; i++)
        {
            long value = x[i];
            target[i] = direct
                ? unsigned ? (ulong)value : value
                : unsigned ? RoundToOdd((ulong)value) : value >= 0 ? RoundToOdd((ulong)value) : -RoundToOdd(unchecked((ulong)-value));
        }
    }

    /// <summary>The number in 53 bits; the last one collects what is lost, so that a second rounding to a shorter float cannot tie wrongly.</summary>
    private static double RoundToOdd(ulong value)
    {
        const ulong Lost = (1UL << 12) - 1;
        return value < 1UL << 53 || (value & Lost) == 0 ? value : (value & ~Lost) | (Lost + 1);
    }

    private static void Round(in PointwiseInstruction step, ReadOnlySpan<double> x, Span<double> target)
    {
        switch (step.Result)
        {
            case DataType.Float64:
                x.CopyTo(target);
                break;
            case DataType.Float32:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = (float)x[i];
                }

                break;
            case DataType.Float16:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = (double)(Half)x[i];
                }

                break;
            case DataType.BFloat16:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = (float)(BFloat16)x[i];
                }

                break;
            case DataType.Float8E8M0:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = TinyFloat.Decode(step.Result, TinyFloat.EncodeExponent(x[i], step.Saturate, step.Rounding));
                }

                break;
            case var tiny:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = TinyFloat.Decode(tiny, TinyFloat.Encode(tiny, x[i], step.Saturate));
                }

                break;
        }
    }

    /// <summary>Widens elements [<paramref name="start"/>, start + target's length) of a tensor's memory to 64 bits.</summary>
    public static void Load(DataType type, ReadOnlySpan<byte> data, long start, Span<long> target)
    {
        int first = type.Bits() >= 8 ? (int)start : 0, count = target.Length;
        Span<double> doubles = PointwiseBlocks.Doubles(target);
        switch (type)
        {
            case DataType.Float32: Widen(MemoryMarshal.Cast<byte, float>(data).Slice(first, count), doubles); break;
            case DataType.Float64: MemoryMarshal.Cast<byte, double>(data).Slice(first, count).CopyTo(doubles); break;
            case DataType.Float16: Widen(MemoryMarshal.Cast<byte, Half>(data).Slice(first, count), doubles); break;
            case DataType.BFloat16:
                ReadOnlySpan<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(data).Slice(first, count);
                for (int i = 0; i < count; i++)
                {
                    doubles[i] = (float)brains[i];
                }

                break;
            case DataType.Float4E2M1:
                for (int i = 0; i < count; i++)
                {
                    doubles[i] = TinyFloat.Decode(type, PackedElements.GetBits(4, data, start + i));
                }

                break;
            case var tiny when tiny.IsTinyFloat():
                for (int i = 0; i < count; i++)
                {
                    doubles[i] = TinyFloat.Decode(tiny, data[first + i]);
                }

                break;
            case DataType.Int8: Widen(MemoryMarshal.Cast<byte, sbyte>(data).Slice(first, count), target); break;
            case DataType.UInt8: Widen(data.Slice(first, count), target); break;
            case DataType.Int16: Widen(MemoryMarshal.Cast<byte, short>(data).Slice(first, count), target); break;
            case DataType.UInt16: Widen(MemoryMarshal.Cast<byte, ushort>(data).Slice(first, count), target); break;
            case DataType.Int32: Widen(MemoryMarshal.Cast<byte, int>(data).Slice(first, count), target); break;
            case DataType.UInt32: Widen(MemoryMarshal.Cast<byte, uint>(data).Slice(first, count), target); break;
            case DataType.Int64 or DataType.UInt64: MemoryMarshal.Cast<byte, long>(data).Slice(first, count).CopyTo(target); break;
            case DataType.Bool:
                for (int i = 0; i < count; i++)
                {
                    // A file may hold any byte; logic relies on 0 and 1.
                    target[i] = data[first + i] == 0 ? 0 : 1;
                }

                break;
            default:
                for (int i = 0; i < count; i++)
                {
                    target[i] = PackedElements.GetInteger(type, data, start + i);
                }

                break;
        }
    }

    /// <summary>Rounds (floats) or narrows (integers, which fit by now) a block into elements [<paramref name="start"/>, start + source's length) of a tensor's memory.</summary>
    public static void Store(DataType type, Span<long> source, Span<byte> data, long start)
    {
        int first = type.Bits() >= 8 ? (int)start : 0, count = source.Length;
        Span<double> doubles = PointwiseBlocks.Doubles(source);
        switch (type)
        {
            case DataType.Float32:
                Span<float> floats = MemoryMarshal.Cast<byte, float>(data).Slice(first, count);
                for (int i = 0; i < count; i++)
                {
                    floats[i] = (float)doubles[i];
                }

                break;
            case DataType.Float64:
                doubles.CopyTo(MemoryMarshal.Cast<byte, double>(data)[first..]);
                break;
            case DataType.Float16:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(data).Slice(first, count);
                for (int i = 0; i < count; i++)
                {
                    halves[i] = (Half)doubles[i];
                }

                break;
            case DataType.BFloat16:
                Span<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(data).Slice(first, count);
                for (int i = 0; i < count; i++)
                {
                    brains[i] = (BFloat16)doubles[i];
                }

                break;
            case DataType.Float4E2M1:
                for (int i = 0; i < count; i++)
                {
                    PackedElements.SetBits(4, data, start + i, TinyFloat.Encode(type, doubles[i], saturate: false));
                }

                break;
            case var tiny when tiny.IsTinyFloat():
                for (int i = 0; i < count; i++)
                {
                    // The program has rounded to the type already; what is left is the bit pattern.
                    data[first + i] = TinyFloat.Encode(tiny, doubles[i], saturate: false);
                }

                break;
            case DataType.Int8 or DataType.UInt8 or DataType.Bool: Narrow(source, data.Slice(first, count)); break;
            case DataType.Int16 or DataType.UInt16: Narrow(source, MemoryMarshal.Cast<byte, ushort>(data).Slice(first, count)); break;
            case DataType.Int32 or DataType.UInt32: Narrow(source, MemoryMarshal.Cast<byte, uint>(data).Slice(first, count)); break;
            case DataType.Int64 or DataType.UInt64: source.CopyTo(MemoryMarshal.Cast<byte, long>(data)[first..]); break;
            default:
                for (int i = 0; i < count; i++)
                {
                    PackedElements.SetBits(type.Bits(), data, start + i, unchecked((byte)source[i]));
                }

                break;
        }
    }

    private static void Widen<T>(ReadOnlySpan<T> source, Span<double> target) where T : unmanaged, System.Numerics.INumberBase<T>
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = double.CreateTruncating(source[i]);
        }
    }

    private static void Widen<T>(ReadOnlySpan<T> source, Span<long> target) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = long.CreateTruncating(source[i]);
        }
    }

    private static void Narrow<T>(ReadOnlySpan<long> source, Span<T> target) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = T.CreateTruncating(source[i]);
        }
    }
}
