using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Writes the content of a structured section. Integers are LEB128 varints (signed ones zigzag-coded), fixed-width numbers little-endian,
/// strings UTF-8 behind their length in bytes. The same values always give the same bytes.
/// </summary>
public sealed class BinarySectionWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    /// <summary>Bytes written so far.</summary>
    public int Length => _buffer.WrittenCount;

    /// <summary>What has been written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.WrittenMemory;

    public void WriteByte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Seven bits a byte, low bits first, at most ten bytes.</summary>
    public void WriteUnsigned(ulong value)
    {
        Span<byte> target = _buffer.GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[count++] = (byte)(value | 0x80);
        }

        target[count++] = (byte)value;
        _buffer.Advance(count);
    }

    /// <summary>Small magnitudes are short, whatever their sign.</summary>
    public void WriteSigned(long value) => WriteUnsigned((ulong)(value << 1) ^ (ulong)(value >> 63));

    /// <summary>The number of items that follow; read with <see cref="BinarySectionReader.ReadCount"/>.</summary>
    public void WriteCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        WriteUnsigned((ulong)count);
    }

    public void WriteFixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void WriteFixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    /// <summary>The bits as they are, NaN payloads included.</summary>
    public void WriteSingle(float value) => WriteFixed32(BitConverter.SingleToUInt32Bits(value));

    /// <summary>The bits as they are, NaN payloads included.</summary>
    public void WriteDouble(double value) => WriteFixed64(BitConverter.DoubleToUInt64Bits(value));

    /// <exception cref="EncoderFallbackException">The text has an unpaired surrogate.</exception>
    public void WriteString(string value)
    {
        int size = StrictUtf8.GetByteCount(value);
        WriteCount(size);
        StrictUtf8.GetBytes(value, _buffer.GetSpan(size));
        _buffer.Advance(size);
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        _buffer.Write(value);
    }

    public void WriteSignedList(ReadOnlySpan<long> values)
    {
        WriteCount(values.Length);
        foreach (long value in values)
        {
            WriteSigned(value);
        }
    }
}
