namespace Peregrine.Onnx.Wire;

/// <summary>One packed field, or a run of unpacked ones, that holds elements of a tensor: where it stands, not decoded.</summary>
/// <param name="Source">The file.</param>
/// <param name="Field">The field's number in TensorProto.</param>
/// <param name="IsPacked">Whether the range holds bare values; else each has its own tag.</param>
/// <param name="Offset">First byte of the range.</param>
/// <param name="Length">Bytes in the range.</param>
public sealed record TypedDataChunk(ByteSource Source, int Field, bool IsPacked, long Offset, long Length)
{
    private const long PieceBytes = 1 << 20;

    /// <summary>Appends the reader's current field; a run of unpacked values grows instead of filling the list.</summary>
    internal static IReadOnlyList<TypedDataChunk> Append(IReadOnlyList<TypedDataChunk> list, ref ProtobufReader reader)
    {
        if (reader.Wire == WireType.Length)
        {
            (long offset, long length) = reader.Range();
            return length == 0 ? list : ProtobufReader.Append(list, new(reader.Source, reader.Field, true, offset, length));
        }

        long start = reader.FieldOffset;
        reader.Skip();
        long end = reader.Position;
        if (list is List<TypedDataChunk> { Count: > 0 } growing && growing[^1] is { IsPacked: false } last && last.Field == reader.Field && last.Offset + last.Length == start && last.Source == reader.Source)
        {
            growing[^1] = last with { Length = end - last.Offset };
            return growing;
        }

        return ProtobufReader.Append(list, new(reader.Source, reader.Field, false, start, end - start));
    }

    /// <summary>A reader at the start of the range.</summary>
    internal ProtobufReader Read() => new(Source, Offset, Length, 0);

    /// <summary>Copies the bytes as they stand.</summary>
    internal void Write(ProtobufWriter writer)
    {
        if (IsPacked)
        {
            writer.Tag(Field, WireType.Length);
            writer.Varint((ulong)Length);
        }

        for (long done = 0; done < Length; done += PieceBytes)
        {
            writer.Raw(Source.Slice(Offset + done, (int)Math.Min(PieceBytes, Length - done)).Span);
        }
    }
}
