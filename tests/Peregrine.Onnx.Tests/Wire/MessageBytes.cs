using System.Text;

namespace Peregrine.Onnx.Tests.Wire;

/// <summary>Builds protobuf bytes field by field, without the code under test.</summary>
internal sealed class MessageBytes
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public MessageBytes Varint(int field, long value) => Tag(field, 0).Number((ulong)value);

    public MessageBytes Bytes(int field, params byte[] value)
    {
        Tag(field, 2).Number((ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }

    public MessageBytes Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public MessageBytes Message(int field, MessageBytes value) => Bytes(field, value.ToArray());

    public MessageBytes Packed(int field, params long[] values)
    {
        MessageBytes inner = new();
        foreach (long value in values)
        {
            inner.Number((ulong)value);
        }

        return Bytes(field, inner.ToArray());
    }

    public MessageBytes Floats(int field, params float[] values) => Bytes(field, [.. values.SelectMany(BitConverter.GetBytes)]);

    public MessageBytes Doubles(int field, params double[] values) => Bytes(field, [.. values.SelectMany(BitConverter.GetBytes)]);

    public MessageBytes Fixed32(int field, float value)
    {
        Tag(field, 5);
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public MessageBytes Tag(int field, int wire) => Number(((ulong)field << 3) | (uint)wire);

    private MessageBytes Number(ulong value)
    {
        do
        {
            _bytes.Add((byte)((value & 0x7F) | (value > 0x7F ? 0x80u : 0u)));
            value >>= 7;
        }
        while (value > 0);
        return this;
    }
}
