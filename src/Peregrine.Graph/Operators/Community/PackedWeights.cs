using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Constant matrices of 2, 4 or 8 bits whose rows are padded to whole bytes, the first element in the lowest bits, as tensors of ONNX's packed types.</summary>
internal static class PackedWeights
{
    /// <summary>uint2, uint4 or uint8; undefined for another width.</summary>
    public static DataType TypeOf(long bits) => bits switch { 2 => DataType.UInt2, 4 => DataType.UInt4, 8 => DataType.UInt8, _ => DataType.Undefined };

    /// <summary>The bytes as [rows, columns] of unsigned integers of so many bits; null if there are fewer or more bytes than that takes.</summary>
    /// <remarks>Rows that fill their bytes are viewed, not copied: weights stay in the model's file.</remarks>
    public static Tensor? Unpack(Tensor bytes, long bits, long rows, long columns)
    {
        Int128 rowBytes = (((Int128)columns * bits) + 7) / 8;
        if (bytes.Type != DataType.UInt8 || rows < 0 || columns < 0 || rowBytes * rows != bytes.Length)
        {
            return null;
        }

        DataType type = TypeOf(bits);
        if (columns * bits % 8 == 0)
        {
            return new(type, [rows, columns], bytes.Data);
        }

        Tensor packed = Tensor.Allocate(type, [rows, columns]);
        for (long row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> source = bytes.Data.Span.Slice((int)(row * (long)rowBytes), (int)rowBytes);
            for (long column = 0; column < columns; column++)
            {
                PackedElements.SetBits((int)bits, packed.Data.Span, (row * columns) + column, PackedElements.GetBits((int)bits, source, column));
            }
        }

        return packed;
    }

    /// <summary>A tensor of one unsigned integer throughout.</summary>
    public static Tensor Filled(DataType type, ReadOnlySpan<long> dims, int value)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        int bits = type.Bits(), filled = value;
        for (int shift = bits; shift < 8; shift += bits)
        {
            filled |= value << shift;
        }

        tensor.Data.Span.Fill((byte)filled);
        return tensor;
    }

    /// <summary>A matrix that may come as a vector; a constant one stays a constant.</summary>
    public static Value Matrix(ForeignNode n, Value x, long rows, long columns) =>
        x.Tensor?.Shape is { IsStatic: true } shape && shape.SequenceEqual((Dim[])[rows, columns]) ? x
        : x.Constant?.Data is { } data && data.Length == rows * columns ? n.Constant("matrix", data.WithDims([rows, columns]))
        : n.Call(new Reshape(), x, n.Integers(rows, columns));

    /// <summary>Dequantises [rows, columns] in blocks of columns, with zero points of the packed type or of the scales' (null: none).</summary>
    public static Value Dequantize(ForeignNode n, Value weights, Value scales, Value? zeroPoints, long blockSize)
    {
        if (zeroPoints is null || zeroPoints.Tensor?.ElementType == weights.Tensor?.ElementType)
        {
            return n.Call(new DequantizeLinear(1, blockSize), weights, scales, zeroPoints);
        }

        // (q - zero)·scale = q·scale - zero·scale, where the last term is one number for each block.
        Value scaled = n.Call(new DequantizeLinear(1, blockSize), weights, scales);
        Value offsets = Counting.Unsqueeze(n, n.Call(new Mul(), zeroPoints, scales), 2);
        Value blocks = n.Call(new Reshape(), scaled, n.Integers(0, -1, blockSize));
        return n.Call(new Reshape(), n.Call(new Sub(), blocks, offsets), n.Integers(0, -1));
    }
}
