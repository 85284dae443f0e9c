using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Onnx.Wire;

/// <summary>How the value of a field is stored.</summary>
public enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// <summary>
/// Reads one protobuf message (https://protobuf.dev/programming-guides/encoding): call <see cref="NextField"/>, then exactly one method that takes the value or
/// <see cref="Skip"/>. Every length is checked against the enclosing message before it is used; whatever is malformed gives a <see cref="ModelException"/> that
/// names the offset in the file. Whoever creates the outermost reader keeps its <see cref="ByteSource"/> alive until it is done.
/// </summary>
public ref struct ProtobufReader
{
    /// <summary>Messages within messages; the limit of protobuf's own readers. A subgraph takes three levels.</summary>
    public const int MaxDepth = 100;

    /// <summary>The longest text field, in bytes.</summary>
    public const int MaxText = 1 << 28;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ref byte _start;
    private readonly ByteSource _source;
    private readonly long _end;
    private readonly int _depth;
    private long _position;

    public ProtobufReader(ByteSource source)
        : this(source, 0, source.Length, 0)
    {
    }

    internal ProtobufReader(ByteSource source, long offset, long length, int depth)
    {
        _source = source;
        _start = ref source.Start;
        _position = offset;
        _end = offset + length;
        _depth = depth;
    }

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>How the current field is stored.</summary>
    public WireType Wire { get; private set; }

    /// <summary>Offset of the current field's tag in the source.</summary>
    public long FieldOffset { get; private set; }

    /// <summary>Offset of the next byte in the source.</summary>
    public readonly long Position => _position;

    public readonly ByteSource Source => _source;

    /// <summary>Whether all bytes of the message were read.</summary>
    public readonly bool AtEnd => _position >= _end;

    /// <summary>Steps to the next field; false at the end of the message.</summary>
    public bool NextField()
    {
        if (AtEnd)
        {
            return false;
        }

        FieldOffset = _position;
        ulong tag = ReadVarint();
        int wire = (int)(tag & 7);
        if (tag > uint.MaxValue || tag < 8 || wire > (int)WireType.Fixed32)
        {
            throw Fail("PG1014", FieldOffset, $"no field can start with the tag {tag}");
        }

        Field = (int)(tag >> 3);
        Wire = (WireType)wire;
        return true;
    }

    public long Int64()
    {
        Expect(WireType.Varint);
        return (long)ReadVarint();
    }

    /// <summary>A 32-bit integer; as protobuf has it, upper bits are dropped.</summary>
    public int Int32() => (int)Int64();

    public float Float()
    {
        Expect(WireType.Fixed32);
        return ReadFloat();
    }

    public double Double()
    {
        Expect(WireType.Fixed64);
        return ReadDouble();
    }

    /// <summary>A name: valid UTF-8.</summary>
    public string Text()
    {
        (long offset, int length) = TextRange();
        try
        {
            return length == 0 ? "" : StrictUtf8.GetString(Bytes(offset, length));
        }
        catch (DecoderFallbackException)
        {
            throw Fail("PG1018", offset, $"field {Field} is not valid UTF-8 text");
        }
    }

    /// <summary>Text for people only; what is not UTF-8 is replaced.</summary>
    public string Documentation()
    {
        (long offset, int length) = TextRange();
        return length == 0 ? "" : Encoding.UTF8.GetString(Bytes(offset, length));
    }

    /// <summary>A view on the field's bytes; at most 2^31−1 of them.</summary>
    public Memory<byte> Blob()
    {
        (long offset, long length) = Range();
        return length <= int.MaxValue ? _source.Slice(offset, (int)length) : throw Fail("PG1020", offset, $"field {Field} holds {length} bytes, more than one value can hold ({int.MaxValue})");
    }

    /// <summary>Offset and length of a length-delimited field, which is thereby skipped.</summary>
    public (long Offset, long Length) Range()
    {
        Expect(WireType.Length);
        ulong length = ReadVarint();
        if (length > (ulong)(_end - _position))
        {
            throw Fail("PG1012", FieldOffset, $"field {Field} says it has {length} bytes, but only {_end - _position} are left in its message");
        }

        long offset = _position;
        _position += (long)length;
        return (offset, (long)length);
    }

    /// <summary>A reader of the message that the field holds.</summary>
    public ProtobufReader Message()
    {
        (long offset, long length) = Range();
        return _depth < MaxDepth
            ? new(_source, offset, length, _depth + 1)
            : throw Fail("PG1015", FieldOffset, $"messages are nested more than {MaxDepth} deep");
    }

    /// <summary>The message that the field holds, merged into <paramref name="existing"/> if there is one.</summary>
    public T Message<T>(T? existing) where T : class, IOnnxMessage, new()
    {
        T message = existing ?? new();
        message.Merge(Message());
        return message;
    }

    /// <summary>The list with the field's message appended. Lists that the reader made are extended in place.</summary>
    public IReadOnlyList<T> Append<T>(IReadOnlyList<T> list) where T : class, IOnnxMessage, new() => Append(list, Message<T>(null));

    /// <summary>The list with <paramref name="item"/> appended. Lists that the reader made are extended in place.</summary>
    public static IReadOnlyList<T> Append<T>(IReadOnlyList<T> list, T item)
    {
        List<T> growing = list as List<T> ?? [.. list];
        growing.Add(item);
        return growing;
    }

    /// <summary>Appends one integer, or all of a packed field.</summary>
    public void Int64s(ref List<long>? list)
    {
        list ??= [];
        if (Wire != WireType.Length)
        {
            list.Add(Int64());
            return;
        }

        for (ProtobufReader packed = Packed(); !packed.AtEnd;)
        {
            list.Add((long)packed.ReadVarint());
        }
    }

    /// <summary>Appends one float, or all of a packed field.</summary>
    public void Floats(ref List<float>? list)
    {
        list ??= [];
        if (Wire != WireType.Length)
        {
            list.Add(Float());
            return;
        }

        for (ProtobufReader packed = Packed(sizeof(float)); !packed.AtEnd;)
        {
            list.Add(packed.ReadFloat());
        }
    }

    /// <summary>A reader of a packed field's bare values, whose length must be a multiple of <paramref name="elementBytes"/>.</summary>
    internal ProtobufReader Packed(int elementBytes = 1)
    {
        (long offset, long length) = Range();
        return length % elementBytes == 0
            ? new(_source, offset, length, _depth) { Field = Field, FieldOffset = FieldOffset }
            : throw Fail("PG1019", FieldOffset, $"packed field {Field} has {length} bytes, which is no multiple of {elementBytes}");
    }

    /// <summary>Passes over the current field, whatever it is.</summary>
    public void Skip()
    {
        switch (Wire)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Take(sizeof(ulong));
                break;
            case WireType.Fixed32:
                Take(sizeof(uint));
                break;
            case WireType.Length:
                Range();
                break;
            case WireType.StartGroup:
                SkipGroup();
                break;
            default:
                throw Fail("PG1017", FieldOffset, $"group {Field} ends, but was never started");
        }
    }

    /// <summary>Next bare varint.</summary>
    internal ulong ReadVarint()
    {
        long offset = _position;
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_position >= _end)
            {
                throw Fail("PG1012", offset, "the message ends in the middle of a number");
            }

            byte next = Unsafe.Add(ref _start, (nint)_position++);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Fail("PG1013", offset, "a number has more than ten bytes");
    }

    internal float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    internal double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    /// <summary>An exception that blames the file at an offset.</summary>
    internal readonly ModelException Fail(string code, long offset, string what) =>
        new(Diagnostic.Error(code, $"\"{_source.Name}\" is damaged, or no ONNX file: {what} (byte {offset} of {_source.Length}).", suggestion: "Export or download it again."));

    private void SkipGroup()
    {
        Span<int> open = stackalloc int[MaxDepth];
        int depth = 0;
        long start = FieldOffset;
        open[depth++] = Field;
        while (depth > 0)
        {
            if (!NextField())
            {
                throw Fail("PG1017", start, $"group {open[0]} is never ended");
            }

            switch (Wire)
            {
                case WireType.StartGroup when depth == MaxDepth:
                    throw Fail("PG1015", FieldOffset, $"groups are nested more than {MaxDepth} deep");
                case WireType.StartGroup:
                    open[depth++] = Field;
                    break;
                case WireType.EndGroup when open[depth - 1] != Field:
                    throw Fail("PG1017", FieldOffset, $"group {Field} ends inside group {open[depth - 1]}");
                case WireType.EndGroup:
                    depth--;
                    break;
                default:
                    Skip();
                    break;
            }
        }
    }

    private (long Offset, int Length) TextRange()
    {
        (long offset, long length) = Range();
        return length <= MaxText ? (offset, (int)length) : throw Fail("PG1020", offset, $"text field {Field} has {length} bytes; at most {MaxText} are possible");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_end - _position < count)
        {
            throw Fail("PG1012", FieldOffset, $"field {Field} needs {count} bytes, but only {_end - _position} are left in its message");
        }

        ReadOnlySpan<byte> bytes = Bytes(_position, count);
        _position += count;
        return bytes;
    }

    // Callers checked the range against _end, which never exceeds the source.
    private readonly ReadOnlySpan<byte> Bytes(long offset, int length) => MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref _start, (nint)offset), length);

    private readonly void Expect(WireType wire)
    {
        if (Wire != wire)
        {
            throw Fail("PG1016", FieldOffset, $"field {Field} is stored as {Wire}, not as {wire}");
        }
    }
}
