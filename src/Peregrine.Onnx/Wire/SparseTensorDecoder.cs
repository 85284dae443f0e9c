using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>Makes dense tensors of sparse ones; both formats of indices (positions, coordinates) of ONNX's SparseTensorProto.</summary>
internal static class SparseTensorDecoder
{
    /// <summary>A dense tensor up to this size is always made; a larger one only if it is less than <see cref="MaxExpansion"/> times its values.</summary>
    private const long AlwaysAllowedBytes = 64 << 20;

    private const long MaxExpansion = 4096;

    public static Tensor Decode(OnnxSparseTensorProto proto, TensorDecoder decoder)
    {
        ModelException Fail(string code, string what) => decoder.Fail($"sparse tensor \"{proto.Name}\" {proto.Dims}", code, what);

        if (proto.Values is null || proto.Indices is null)
        {
            throw Fail("PG1029", "its values or its indices are missing");
        }

        Tensor values = decoder.Decode(proto.Values);
        Tensor indices = decoder.Decode(proto.Indices);
        (_, int bytes) = TensorDecoder.CheckShape(values.Type, proto.Dims, Fail);
        long given = values.Type == DataType.String ? values.Length * 8 : values.Data.Length;
        if (bytes > Math.Max(AlwaysAllowedBytes, given * MaxExpansion))
        {
            throw Fail("PG1029", $"{given} bytes of values would become {bytes} bytes");
        }

        if (values.Rank != 1 || indices.Type != DataType.Int64)
        {
            throw Fail("PG1029", $"its values are {values} and its indices {indices}; they should be a vector, and s64");
        }

        bool coordinates = indices.Rank == 2;
        int rank = proto.Dims.Count;
        if (indices.Rank is not (1 or 2) || indices.Dims[0] != values.Length || (coordinates && indices.Dims[1] != rank))
        {
            throw Fail("PG1029", $"its indices are {indices}; they should be s64[{values.Length}] or s64[{values.Length},{rank}]");
        }

        Tensor dense = Tensor.Allocate(values.Type, proto.Dims.AsSpan());
        ReadOnlySpan<long> index = indices.Span<long>();
        long previous = -1;
        for (int i = 0; i < values.Length; i++)
        {
            long position = coordinates ? Position(index.Slice(i * rank, rank), proto.Dims.AsSpan()) : index[i];
            if (position < 0 || position >= dense.Length)
            {
                throw Fail("PG1028", $"index {Text(index, i, coordinates ? rank : 1)} lies outside");
            }

            if (position <= previous)
            {
                throw Fail("PG1028", $"index {Text(index, i, coordinates ? rank : 1)} is not greater than the one before it");
            }

            Set(dense, position, values, i);
            previous = position;
        }

        GC.KeepAlive(indices);
        return dense;
    }

    private static string Text(ReadOnlySpan<long> index, int i, int rank) =>
        $"({string.Join(',', index.Slice(i * rank, rank).ToArray().Select(v => v.ToString(CultureInfo.InvariantCulture)))})";

    /// <summary>Row-major position of a coordinate; −1 if it lies outside.</summary>
    private static long Position(ReadOnlySpan<long> coordinate, ReadOnlySpan<long> dims)
    {
        long position = 0;
        for (int axis = 0; axis < dims.Length; axis++)
        {
            if (coordinate[axis] < 0 || coordinate[axis] >= dims[axis])
            {
                return -1;
            }

            position = (position * dims[axis]) + coordinate[axis];
        }

        return position;
    }

    private static void Set(Tensor target, long to, Tensor source, int from)
    {
        if (target.Type == DataType.String)
        {
            target.Strings[to] = source.Strings[from];
            return;
        }

        int bits = target.Type.Bits();
        if (bits >= 8)
        {
            int width = bits / 8;
            source.Data.Span.Slice(from * width, width).CopyTo(target.Data.Span[(int)(to * width)..]);
            return;
        }

        int perByte = 8 / bits;
        int value = (source.Data.Span[from / perByte] >> (from % perByte * bits)) & ((1 << bits) - 1);
        target.Data.Span[(int)(to / perByte)] |= (byte)(value << (int)(to % perByte * bits));
    }
}
