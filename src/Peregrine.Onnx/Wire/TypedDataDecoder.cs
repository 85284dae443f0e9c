using System.Runtime.InteropServices;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// Decodes float_data, int32_data, int64_data, double_data and uint64_data. Which field holds which type, and that sub-byte elements are packed into one integer
/// per byte, is told in the comments of ONNX's onnx.proto.
/// </summary>
internal static class TypedDataDecoder
{
    private const int FloatData = 4, Int32Data = 5, Int64Data = 7, DoubleData = 10, UInt64Data = 11;

    internal delegate ModelException Failure(OnnxTensorProto proto, string code, string what, string suggestion = "");

    /// <summary>The tensor's <paramref name="bytes"/> bytes.</summary>
    public static Memory<byte> Decode(OnnxTensorProto proto, int bytes, Failure fail)
    {
        int field = FieldOf(proto.ElementType);
        if (proto.TypedData.FirstOrDefault(c => c.Field != field) is { } foreign)
        {
            throw fail(proto, "PG1024", $"its elements are in field {foreign.Field}; this type has them in field {field}");
        }

        int width = WidthOf(proto.ElementType);
        bool isFixed = field is FloatData or DoubleData;
        // Every value takes at least so many bytes of the file; this bounds what is allocated.
        Int128 stored = proto.TypedData.Aggregate((Int128)0, (sum, chunk) => sum + chunk.Length);
        if (stored < (isFixed ? bytes : bytes / width))
        {
            throw WrongCount(proto, fail);
        }

        if (isFixed && BitConverter.IsLittleEndian && proto.TypedData is [{ IsPacked: true } whole])
        {
            return whole.Length == bytes ? whole.Source.Slice(whole.Offset, bytes) : throw WrongCount(proto, fail);
        }

        byte[] data = new byte[bytes];
        int position = 0;
        foreach (TypedDataChunk chunk in proto.TypedData)
        {
            ProtobufReader reader = chunk.Read();
            while (NextValue(ref reader, chunk, out ulong value))
            {
                if (position == bytes)
                {
                    throw WrongCount(proto, fail);
                }

                Check(proto, value, fail);
                MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref value))[..width].CopyTo(data.AsSpan(position));
                position += width;
            }

            GC.KeepAlive(chunk.Source);
        }

        return position == bytes ? data : throw WrongCount(proto, fail);
    }

    private static int FieldOf(DataType type) => type switch
    {
        DataType.Float32 or DataType.Complex64 => FloatData,
        DataType.Float64 or DataType.Complex128 => DoubleData,
        DataType.Int64 => Int64Data,
        DataType.UInt32 or DataType.UInt64 => UInt64Data,
        _ => Int32Data,
    };

    /// <summary>Bytes that one stored value gives: half an element of a complex type, one byte of packed sub-byte elements.</summary>
    private static int WidthOf(DataType type) => Math.Max(1, type.Bits() / (type.IsComplex() ? 16 : 8));

    private static bool NextValue(ref ProtobufReader reader, TypedDataChunk chunk, out ulong value)
    {
        value = 0;
        if (chunk.IsPacked ? reader.AtEnd : !reader.NextField())
        {
            return false;
        }

        value = (chunk.Field, chunk.IsPacked) switch
        {
            (FloatData, true) => BitConverter.SingleToUInt32Bits(reader.ReadFloat()),
            (FloatData, false) => BitConverter.SingleToUInt32Bits(reader.Float()),
            (DoubleData, true) => BitConverter.DoubleToUInt64Bits(reader.ReadDouble()),
            (DoubleData, false) => BitConverter.DoubleToUInt64Bits(reader.Double()),
            (Int32Data, true) => (ulong)(int)reader.ReadVarint(),
            (Int32Data, false) => (ulong)reader.Int32(),
            (_, true) => reader.ReadVarint(),
            (_, false) => (ulong)reader.Int64(),
        };
        return true;
    }

    // Writers store narrow integers with or without their sign, so both ranges are taken.
    private static void Check(OnnxTensorProto proto, ulong value, Failure fail)
    {
        DataType type = proto.ElementType;
        bool fits = type switch
        {
            DataType.Bool => value <= 1,
            DataType.UInt32 => value <= uint.MaxValue,
            _ when FieldOf(type) != Int32Data || type.Bits() == 32 => true,
            _ when type.Bits() == 16 => (long)value is >= short.MinValue and <= ushort.MaxValue,
            _ => (long)value is >= sbyte.MinValue and <= byte.MaxValue,
        };
        if (!fits)
        {
            throw fail(proto, "PG1026", $"it holds {(long)value}, which is no {type.Name()}");
        }
    }

    private static ModelException WrongCount(OnnxTensorProto proto, Failure fail) =>
        fail(proto, "PG1023", "the number of its elements is not what its shape takes", "The file is damaged, or its exporter is at fault.");
}
