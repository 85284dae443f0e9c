using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// ONNX's TensorProto. The elements stay in the file until a <see cref="TensorDecoder"/> makes a tensor of them: <see cref="RawData"/> is a view, and the typed
/// fields (float_data, int32_data, …) are kept as the places where they stand.
/// </summary>
public sealed class OnnxTensorProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    /// <summary>The element type. The number may be unknown to this version (<see cref="DataTypes.IsDefined"/>).</summary>
    public DataType ElementType { get; set; }

    public Ints Dims { get; set; }

    /// <summary>Little-endian elements; null if absent.</summary>
    public Memory<byte>? RawData { get; set; }

    /// <summary>Elements of a string tensor, each UTF-8.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> StringData { get; set; } = [];

    /// <summary>Where float_data, int32_data, int64_data, double_data and uint64_data stand.</summary>
    public IReadOnlyList<TypedDataChunk> TypedData { get; private set; } = [];

    /// <summary>Whether the elements are in another file.</summary>
    public bool IsExternal { get; set; }

    /// <summary>location, offset, length, checksum of external data.</summary>
    public IReadOnlyList<OnnxProperty> ExternalData { get; set; } = [];

    /// <summary>Whether this is only a segment of a tensor: defined by the standard, written by nobody.</summary>
    public bool IsSegment { get; private set; }

    public string Documentation { get; set; } = "";

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        List<long>? dims = null;
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: reader.Int64s(ref dims); break;
                case 2: ElementType = (DataType)reader.Int32(); break;
                case 3: IsSegment = true; reader.Skip(); break;
                case 4 or 5 or 7 or 10 or 11: TypedData = TypedDataChunk.Append(TypedData, ref reader); break;
                case 6: StringData = ProtobufReader.Append(StringData, (ReadOnlyMemory<byte>)reader.Blob()); break;
                case 8: Name = reader.Text(); break;
                case 9: RawData = reader.Blob(); break;
                case 12: Documentation = reader.Documentation(); break;
                case 13: ExternalData = reader.Append(ExternalData); break;
                case 14: IsExternal = reader.Int64() == 1; break;
                case 16: Metadata = reader.Append(Metadata); break;
                default: reader.Skip(); break;
            }
        }

        Dims = dims is null ? Dims : Ints.From(Dims.Concat(dims));
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Int64s(1, Dims.AsSpan());
        writer.Int64(2, (int)ElementType);
        WriteTyped(writer, 4, 5);
        writer.Blobs(6, StringData);
        WriteTyped(writer, 7, 7);
        writer.Text(8, Name);
        if (RawData is { } raw)
        {
            writer.Blob(9, raw);
        }

        WriteTyped(writer, 10, 11);
        writer.Text(12, Documentation);
        writer.Messages(13, ExternalData);
        writer.Int64(14, IsExternal ? 1 : 0);
        writer.Messages(16, Metadata);
    }

    public override string ToString() => $"tensor {Name}: {ElementType.Name()}{Dims}";

    private void WriteTyped(ProtobufWriter writer, int first, int last)
    {
        for (int field = first; field <= last; field++)
        {
            foreach (TypedDataChunk chunk in TypedData.Where(c => c.Field == field))
            {
                chunk.Write(writer);
            }
        }
    }
}
