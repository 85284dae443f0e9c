using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Conversion between stored elements and the types in which reference kernels compute (float, double, long, ulong, int, byte). Loading widens exactly wherever the target can hold the
/// value. Storing rounds floats to nearest even (float8 saturates) and wraps integers; the <c>Cast</c> operator has its own, finer rules.
/// </summary>
public static class ElementConversion
{
    /// <summary>Reads all elements of a numeric or bool tensor.</summary>
    public static void Load<T>(Tensor source, Span<T> target) where T : unmanaged
    {
        ReadOnlySpan<byte> data = source.Data.Span;
        switch (source.Type)
        {
            case DataType.Float32: Convert<float, T>(MemoryMarshal.Cast<byte, float>(data), target); break;
            case DataType.Float64: Convert<double, T>(MemoryMarshal.Cast<byte, double>(data), target); break;
            case DataType.Float16: Convert<Half, T>(MemoryMarshal.Cast<byte, Half>(data), target); break;
            case DataType.Int8: Convert<sbyte, T>(MemoryMarshal.Cast<byte, sbyte>(data), target); break;
            case DataType.UInt8 or DataType.Bool: Convert<byte, T>(data, target); break;
            case DataType.Int16: Convert<short, T>(MemoryMarshal.Cast<byte, short>(data), target); break;
            case DataType.UInt16: Convert<ushort, T>(MemoryMarshal.Cast<byte, ushort>(data), target); break;
            case DataType.Int32: Convert<int, T>(MemoryMarshal.Cast<byte, int>(data), target); break;
            case DataType.UInt32: Convert<uint, T>(MemoryMarshal.Cast<byte, uint>(data), target); break;
            case DataType.Int64: Convert<long, T>(MemoryMarshal.Cast<byte, long>(data), target); break;
            case DataType.UInt64: Convert<ulong, T>(MemoryMarshal.Cast<byte, ulong>(data), target); break;
            case DataType.BFloat16:
                ReadOnlySpan<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(data);
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = From<float, T>(brains[i]);
                }

                break;
            case DataType.Int4 or DataType.UInt4 or DataType.Int2 or DataType.UInt2:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = From<long, T>(PackedElements.GetInteger(source.Type, data, i));
                }

                break;
            case DataType.Float4E2M1:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = From<float, T>(TinyFloat.Decode(source.Type, PackedElements.GetBits(4, data, i)));
                }

                break;
            case var tiny when tiny.IsTinyFloat():
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = From<float, T>(TinyFloat.Decode(tiny, data[i]));
                }

                break;
            default:
                throw new InvalidOperationException($"The elements of {source} are not numbers.");
        }
    }

    /// <summary>Writes computed elements (<paramref name="sourceType"/>: float32, float64, int32, int64, uint64 or uint8) into a tensor.</summary>
    public static void Store(Memory<byte> source, DataType sourceType, Tensor target)
    {
        switch (sourceType)
        {
            case DataType.Float32: Store<float>(MemoryMarshal.Cast<byte, float>(source.Span), target); break;
            case DataType.Float64: Store<double>(MemoryMarshal.Cast<byte, double>(source.Span), target); break;
            case DataType.Int32: Store<int>(MemoryMarshal.Cast<byte, int>(source.Span), target); break;
            case DataType.Int64: Store<long>(MemoryMarshal.Cast<byte, long>(source.Span), target); break;
            case DataType.UInt64: Store<ulong>(MemoryMarshal.Cast<byte, ulong>(source.Span), target); break;
            case DataType.UInt8: Store<byte>(source.Span, target); break;
            default: throw new InvalidOperationException($"Kernels do not compute in {sourceType.Name()}.");
        }
    }

    /// <inheritdoc cref="Store(Memory{byte}, DataType, Tensor)"/>
    public static void Store<T>(ReadOnlySpan<T> source, Tensor target) where T : unmanaged
    {
        Span<byte> data = target.Data.Span;
        switch (target.Type)
        {
            case DataType.Float32: Convert(source, MemoryMarshal.Cast<byte, float>(data)); break;
            case DataType.Float64: Convert(source, MemoryMarshal.Cast<byte, double>(data)); break;
            case DataType.Float16: Convert(source, MemoryMarshal.Cast<byte, Half>(data)); break;
            case DataType.Int8: Convert(source, MemoryMarshal.Cast<byte, sbyte>(data)); break;
            case DataType.UInt8: Convert(source, data); break;
            case DataType.Int16: Convert(source, MemoryMarshal.Cast<byte, short>(data)); break;
            case DataType.UInt16: Convert(source, MemoryMarshal.Cast<byte, ushort>(data)); break;
            case DataType.Int32: Convert(source, MemoryMarshal.Cast<byte, int>(data)); break;
            case DataType.UInt32: Convert(source, MemoryMarshal.Cast<byte, uint>(data)); break;
            case DataType.Int64: Convert(source, MemoryMarshal.Cast<byte, long>(data)); break;
            case DataType.UInt64: Convert(source, MemoryMarshal.Cast<byte, ulong>(data)); break;
            case DataType.Bool:
                for (int i = 0; i < source.Length; i++)
                {
                    data[i] = (byte)(From<T, double>(source[i]) == 0 ? 0 : 1);
                }

                break;
            case DataType.BFloat16:
                Span<BFloat16> brains = MemoryMarshal.Cast<byte, BFloat16>(data);
                for (int i = 0; i < source.Length; i++)
                {
                    brains[i] = (BFloat16)From<T, double>(source[i]);
                }

                break;
            case DataType.Int4 or DataType.UInt4 or DataType.Int2 or DataType.UInt2:
                for (int i = 0; i < source.Length; i++)
                {
                    PackedElements.SetBits(target.Type.Bits(), data, i, (byte)From<T, long>(source[i]));
                }

                break;
            case DataType.Float4E2M1:
                for (int i = 0; i < source.Length; i++)
                {
                    PackedElements.SetBits(4, data, i, TinyFloat.Encode(target.Type, From<T, double>(source[i]), saturate: true));
                }

                break;
            case var tiny when tiny.IsTinyFloat():
                for (int i = 0; i < source.Length; i++)
                {
                    data[i] = TinyFloat.Encode(tiny, From<T, double>(source[i]), saturate: true);
                }

                break;
            default:
                throw new InvalidOperationException($"Numbers cannot be stored in {target}.");
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> target) where TFrom : unmanaged where TTo : unmanaged
    {
        if (typeof(TFrom) == typeof(TTo))
        {
            MemoryMarshal.Cast<TFrom, TTo>(source).CopyTo(target);
            return;
        }

        for (int i = 0; i < source.Length; i++)
        {
            target[i] = From<TFrom, TTo>(source[i]);
        }
    }

    private static TTo From<TFrom, TTo>(TFrom value) where TFrom : unmanaged where TTo : unmanaged
    {
        if (typeof(TTo) == typeof(float))
        {
            return (TTo)(object)Number<TFrom, float>(value);
        }

        if (typeof(TTo) == typeof(double))
        {
            return (TTo)(object)Number<TFrom, double>(value);
        }

        if (typeof(TTo) == typeof(Half))
        {
            return (TTo)(object)Number<TFrom, Half>(value);
        }

        if (typeof(TTo) == typeof(long))
        {
            return (TTo)(object)Number<TFrom, long>(value);
        }

        if (typeof(TTo) == typeof(ulong))
        {
            return (TTo)(object)Number<TFrom, ulong>(value);
        }

        if (typeof(TTo) == typeof(int))
        {
            return (TTo)(object)Number<TFrom, int>(value);
        }

        if (typeof(TTo) == typeof(uint))
        {
            return (TTo)(object)Number<TFrom, uint>(value);
        }

        if (typeof(TTo) == typeof(short))
        {
            return (TTo)(object)Number<TFrom, short>(value);
        }

        if (typeof(TTo) == typeof(ushort))
        {
            return (TTo)(object)Number<TFrom, ushort>(value);
        }

        if (typeof(TTo) == typeof(sbyte))
        {
            return (TTo)(object)Number<TFrom, sbyte>(value);
        }

        if (typeof(TTo) == typeof(byte))
        {
            return (TTo)(object)Number<TFrom, byte>(value);
        }

        throw new InvalidOperationException($"Kernels do not compute in {typeof(TTo).Name}.");
    }

    private static TTo Number<TFrom, TTo>(TFrom value) where TTo : System.Numerics.INumberBase<TTo>
    {
        if (typeof(TFrom) == typeof(float))
        {
            return TTo.CreateTruncating((float)(object)value!);
        }

        if (typeof(TFrom) == typeof(double))
        {
            return TTo.CreateTruncating((double)(object)value!);
        }

        if (typeof(TFrom) == typeof(Half))
        {
            return TTo.CreateTruncating((Half)(object)value!);
        }

        if (typeof(TFrom) == typeof(long))
        {
            return TTo.CreateTruncating((long)(object)value!);
        }

        if (typeof(TFrom) == typeof(ulong))
        {
            return TTo.CreateTruncating((ulong)(object)value!);
        }

        if (typeof(TFrom) == typeof(int))
        {
            return TTo.CreateTruncating((int)(object)value!);
        }

        if (typeof(TFrom) == typeof(uint))
        {
            return TTo.CreateTruncating((uint)(object)value!);
        }

        if (typeof(TFrom) == typeof(short))
        {
            return TTo.CreateTruncating((short)(object)value!);
        }

        if (typeof(TFrom) == typeof(ushort))
        {
            return TTo.CreateTruncating((ushort)(object)value!);
        }

        if (typeof(TFrom) == typeof(sbyte))
        {
            return TTo.CreateTruncating((sbyte)(object)value!);
        }

        return TTo.CreateTruncating((byte)(object)value!);
    }
}
