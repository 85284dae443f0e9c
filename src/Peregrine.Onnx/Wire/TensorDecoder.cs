using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// Makes tensors of tensor messages. Raw and external data, and floats in one packed field, become views on the file without a copy; such a view keeps the file
/// mapped, must not be written, and is only as aligned as the file has it (.NET's loads do not need alignment on x64 and arm64; code that asks for aligned
/// memory must copy). Everything else is decoded into new memory, after the lengths were checked against the dimensions. Safe for concurrent use.
/// </summary>
/// <param name="fileName">The file to blame in messages.</param>
/// <param name="external">The folder where external data are; null if there is none.</param>
public sealed class TensorDecoder(string fileName, ExternalDataFolder? external)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The tensor that the message describes.</summary>
    /// <exception cref="ModelException">PG1018, PG1021 to PG1026 (the message contradicts itself), PG1030 to PG1034 (external data).</exception>
    public Tensor Decode(OnnxTensorProto proto)
    {
        (long count, int bytes) = CheckShape(proto);
        if (proto.IsExternal)
        {
            return new(proto.ElementType, proto.Dims.AsSpan(), ReadExternal(proto, bytes));
        }

        if (proto.ElementType == DataType.String)
        {
            return DecodeStrings(proto, count);
        }

        bool hasRaw = proto.RawData is { Length: > 0 };
        if (proto.StringData.Count > 0 || (hasRaw && proto.TypedData.Count > 0))
        {
            throw Fail(proto, "PG1024", proto.StringData.Count > 0 ? "it holds strings" : "it holds its elements twice, raw and typed");
        }

        return new(proto.ElementType, proto.Dims.AsSpan(), proto.TypedData.Count > 0 ? TypedDataDecoder.Decode(proto, bytes, Fail) : CheckRaw(proto, proto.RawData ?? Memory<byte>.Empty, bytes));
    }

    /// <summary>The dense tensor that a sparse one stands for.</summary>
    /// <exception cref="ModelException">As for dense ones; PG1028, PG1029.</exception>
    public Tensor Decode(OnnxSparseTensorProto proto) => SparseTensorDecoder.Decode(proto, this);

    /// <summary>The value of a sequence.</summary>
    /// <exception cref="ModelException">As for tensors; PG1035: the kind of its elements contradicts what it holds.</exception>
    public TensorSequence Decode(OnnxSequenceProto proto)
    {
        OnnxDataKind kind = proto.ElementKind;
        int held = proto.Tensors.Count + proto.SparseTensors.Count + proto.Sequences.Count + proto.Maps.Count + proto.Optionals.Count;
        object[] items = kind switch
        {
            OnnxDataKind.Tensor => [.. proto.Tensors.Select(Decode)],
            OnnxDataKind.SparseTensor => [.. proto.SparseTensors.Select(Decode)],
            OnnxDataKind.Sequence => [.. proto.Sequences.Select(Decode)],
            OnnxDataKind.Map => [.. proto.Maps.Select(Decode)],
            OnnxDataKind.Optional => [.. proto.Optionals.Select(Decode)],
            _ => [],
        };
        return items.Length == held ? new(items) : throw Fail($"sequence \"{proto.Name}\"", "PG1035", $"its elements are said to be of kind {kind}, of which {items.Length} can be read, but it holds {held} elements");
    }

    /// <summary>The value of a map.</summary>
    /// <exception cref="ModelException">As for sequences; PG1035: the keys are of another type or repeat, or the values are not one element for each.</exception>
    public TensorMap Decode(OnnxMapProto proto)
    {
        string subject = $"map \"{proto.Name}\"";
        int count = Math.Max(proto.Keys.Count, proto.StringKeys.Count);
        if (proto.KeyType is not (DataType.Int64 or DataType.String) || (proto.KeyType == DataType.String ? proto.Keys.Count : proto.StringKeys.Count) > 0)
        {
            throw Fail(subject, "PG1035", $"its keys are said to be {proto.KeyType.Name()}, but must be s64 or str, and only these");
        }

        Tensor keys = proto.KeyType == DataType.String
            ? new([count], [.. proto.StringKeys.Select(k => System.Text.Encoding.UTF8.GetString(k.Span))])
            : Tensor.Vector(proto.Keys.AsSpan().ToArray());
        Tensor[] values = [.. Decode(proto.Values ?? new()).Items.OfType<Tensor>()];
        // The values are scalars, one by one, or one tensor of them.
        DataType type = values.Length == 0 ? DataType.Float32 : values[0].Type;
        if (values.Sum(v => v.Length) != count || Array.Exists(values, v => v.Type != type) || type.Bits() % 8 != 0)
        {
            throw Fail(subject, "PG1035", $"it has {count} keys, but its values are {string.Join(", ", values.Take(3))}");
        }

        Tensor joined = type == DataType.String ? new([count], [.. values.SelectMany(v => v.Strings)]) : new Tensor(type, [count], values.SelectMany(v => v.Data.ToArray()).ToArray());
        try
        {
            return new(keys, joined);
        }
        catch (ArgumentException e)
        {
            throw Fail(subject, "PG1035", e.Message.Split('.')[0]);
        }
    }

    /// <summary>The value of an optional.</summary>
    /// <exception cref="ModelException">As for sequences.</exception>
    public OptionalValue Decode(OnnxOptionalProto proto)
    {
        object? value = proto.ElementKind switch
        {
            OnnxDataKind.Tensor when proto.Tensor is { } tensor => Decode(tensor),
            OnnxDataKind.SparseTensor when proto.SparseTensor is { } sparse => Decode(sparse),
            OnnxDataKind.Sequence when proto.Sequence is { } sequence => Decode(sequence),
            OnnxDataKind.Map when proto.Map is { } map => Decode(map),
            OnnxDataKind.Optional when proto.Optional is { } optional => Decode(optional),
            _ => null,
        };
        bool holds = proto.Tensor is not null || proto.SparseTensor is not null || proto.Sequence is not null || proto.Map is not null || proto.Optional is not null;
        return value is null && holds
            ? throw Fail($"optional \"{proto.Name}\"", "PG1035", $"its value is said to be of kind {proto.ElementKind}, which is not what it holds or cannot be read")
            : new(value);
    }

    internal ModelException Fail(string subject, string code, string what, string suggestion = "") =>
        new(Diagnostic.Error(code, $"In \"{fileName}\", {subject} cannot be read: {what}.", suggestion: suggestion));

    private ModelException Fail(OnnxTensorProto proto, string code, string what, string suggestion = "") =>
        Fail($"tensor \"{proto.Name}\" ({proto.ElementType.Name()}{proto.Dims})", code, what, suggestion);

    private (long Count, int Bytes) CheckShape(OnnxTensorProto proto)
    {
        if (proto.IsSegment)
        {
            throw Fail(proto, "PG1025", "it is a segment of a tensor, which is not supported", "Export the model with whole tensors.");
        }

        if (proto.ElementType == DataType.Undefined || !DataTypes.IsDefined(proto.ElementType))
        {
            throw Fail(proto, "PG1021", $"its element type {(int)proto.ElementType} is none that this version knows");
        }

        return CheckShape(proto.ElementType, proto.Dims, (code, what) => Fail(proto, code, what));
    }

    /// <summary>Elements and bytes of a shape, or PG1022; bytes of a string tensor are those of its references.</summary>
    internal static (long Count, int Bytes) CheckShape(DataType type, Ints dims, Func<string, string, ModelException> fail)
    {
        bool isEmpty = dims.Contains(0);
        // Even an empty tensor's other dimensions must have a product that can be counted: strides are computed from them.
        Int128 limit = isEmpty ? long.MaxValue : (Int128)Tensor.MaxBytes * 4;
        Int128 count = 1;
        if (dims.Count > Tensor.MaxRank)
        {
            throw fail("PG1022", $"it has {dims.Count} dimensions; the limit is {Tensor.MaxRank}");
        }

        foreach (long dim in dims)
        {
            if (dim < 0)
            {
                throw fail("PG1022", $"its dimension {dim} is negative");
            }

            count *= Math.Max(dim, 1);
            // Checked on every step, so that the product cannot overflow; no element takes less than a quarter of a byte.
            if (count > limit)
            {
                throw fail("PG1022", $"it has more elements than one tensor can have in {Tensor.MaxBytes} bytes");
            }
        }

        count = isEmpty ? 0 : count;
        Int128 bytes = type == DataType.String ? count * 8 : type.ByteCount((long)count);
        return bytes <= Tensor.MaxBytes ? ((long)count, (int)bytes) : throw fail("PG1022", $"it takes {bytes} bytes; one tensor can have {Tensor.MaxBytes}");
    }

    private Memory<byte> ReadExternal(OnnxTensorProto proto, int bytes)
    {
        if (proto.ElementType == DataType.String)
        {
            throw Fail(proto, "PG1024", "strings cannot be in another file");
        }

        Memory<byte> data = external is null
            ? throw Fail(proto, "PG1034", "its data are in another file, but the model was not opened from a folder", "Load the model by its path.")
            : external.Read(proto, bytes, (code, what, suggestion) => Fail(proto, code, what, suggestion));
        return CheckRaw(proto, data, bytes);
    }

    private Memory<byte> CheckRaw(OnnxTensorProto proto, Memory<byte> data, int bytes)
    {
        if (data.Length != bytes)
        {
            throw Fail(proto, "PG1023", $"it has {data.Length} bytes of data, but its type and shape take {bytes}", "The file is damaged, or its exporter is at fault.");
        }

        if (proto.ElementType == DataType.Bool && data.Span.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw Fail(proto, "PG1026", "a bool is neither 0 nor 1");
        }

        return data;
    }

    private Tensor DecodeStrings(OnnxTensorProto proto, long count)
    {
        if (proto.RawData is { Length: > 0 } || proto.TypedData.Count > 0)
        {
            throw Fail(proto, "PG1024", "its elements are not in string_data");
        }

        if (proto.StringData.Count != count)
        {
            throw Fail(proto, "PG1023", $"it has {proto.StringData.Count} strings, but its shape takes {count}");
        }

        string[] strings = new string[count];
        for (int i = 0; i < strings.Length; i++)
        {
            try
            {
                strings[i] = StrictUtf8.GetString(proto.StringData[i].Span);
            }
            catch (DecoderFallbackException)
            {
                throw Fail(proto, "PG1018", $"string {i} is not valid UTF-8");
            }
        }

        return new(proto.Dims.AsSpan(), strings);
    }
}
