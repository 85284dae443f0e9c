using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// Writes protobuf messages to a stream in two passes over the same objects: the first measures every nested message, the second writes, so that no payload is
/// buffered or copied. Same objects, same bytes.
/// </summary>
public sealed class ProtobufWriter
{
    private readonly Stream? _output;
    private readonly List<long> _lengths;
    private int _next;
    private int _depth;
    private long _written;

    private ProtobufWriter(Stream? output, List<long> lengths) => (_output, _lengths) = (output, lengths);

    /// <summary>Writes one message to the stream.</summary>
    public static void Write(IOnnxMessage message, Stream output)
    {
        List<long> lengths = [];
        message.Write(new(null, lengths));
        // Flushed, not disposed: the stream belongs to the caller.
        BufferedStream buffered = new(output, 1 << 16);
        message.Write(new(buffered, lengths));
        buffered.Flush();
    }

    /// <summary>The bytes of one message, which must fit an array.</summary>
    public static byte[] ToBytes(IOnnxMessage message)
    {
        using MemoryStream stream = new();
        Write(message, stream);
        return stream.ToArray();
    }

    /// <summary>An integer, unless 0.</summary>
    public void Int64(int field, long value)
    {
        if (value != 0)
        {
            Int64Always(field, value);
        }
    }

    public void Int64Always(int field, long value)
    {
        Tag(field, WireType.Varint);
        Varint((ulong)value);
    }

    public void FloatAlways(int field, float value)
    {
        Tag(field, WireType.Fixed32);
        Fixed32(value);
    }

    /// <summary>A text, unless empty.</summary>
    public void Text(int field, string value)
    {
        if (value.Length > 0)
        {
            TextAlways(field, value);
        }
    }

    public void TextAlways(int field, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Tag(field, WireType.Length);
        Varint((ulong)length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        Raw(bytes.AsSpan(0, Encoding.UTF8.GetBytes(value, bytes)));
        ArrayPool<byte>.Shared.Return(bytes);
    }

    public void Texts(int field, IReadOnlyList<string> values)
    {
        foreach (string value in values)
        {
            TextAlways(field, value);
        }
    }

    public void Blob(int field, ReadOnlyMemory<byte> value)
    {
        Tag(field, WireType.Length);
        Varint((ulong)value.Length);
        Raw(value.Span);
        // The span alone does not keep a mapped file in place.
        GC.KeepAlive(value);
    }

    public void Blobs(int field, IReadOnlyList<ReadOnlyMemory<byte>> values)
    {
        foreach (ReadOnlyMemory<byte> value in values)
        {
            Blob(field, value);
        }
    }

    /// <summary>Integers, each with its own tag: what ONNX's definition (proto2 without <c>packed</c>) has for dims and attributes.</summary>
    public void Int64s(int field, ReadOnlySpan<long> values)
    {
        foreach (long value in values)
        {
            Int64Always(field, value);
        }
    }

    /// <inheritdoc cref="Int64s"/>
    public void Floats(int field, ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            FloatAlways(field, value);
        }
    }

    /// <summary>A nested message, unless null.</summary>
    public void Message(int field, IOnnxMessage? message)
    {
        if (message is null)
        {
            return;
        }

        if (++_depth > ProtobufReader.MaxDepth)
        {
            throw new ModelException(Diagnostic.Error("PG1015", $"The model cannot be written: its messages are nested more than {ProtobufReader.MaxDepth} deep.", suggestion: "Nest fewer subgraphs."));
        }

        Tag(field, WireType.Length);
        int index = _next++;
        if (_output is null)
        {
            _lengths.Add(0);
            long before = _written;
            message.Write(this);
            _lengths[index] = _written - before;
            Varint((ulong)_lengths[index]);
        }
        else
        {
            Varint((ulong)_lengths[index]);
            message.Write(this);
        }

        _depth--;
    }

    public void Messages(int field, IEnumerable<IOnnxMessage> messages)
    {
        foreach (IOnnxMessage message in messages)
        {
            Message(field, message);
        }
    }

    internal void Tag(int field, WireType wire) => Varint(((ulong)field << 3) | (uint)wire);

    internal void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        int count = 0;
        while (value >= 0x80)
        {
            bytes[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[count++] = (byte)value;
        Raw(bytes[..count]);
    }

    internal void Raw(ReadOnlySpan<byte> bytes)
    {
        _written += bytes.Length;
        _output?.Write(bytes);
    }

    private void Fixed32(float value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        Raw(bytes);
    }
}
