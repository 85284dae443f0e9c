using System.Buffers.Binary;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Reads what <see cref="BinarySectionWriter"/> wrote. The bytes are not trusted: every violation is an <see cref="EngineFormatException"/>
/// that names the section and the position, and no count leads to an allocation larger than the section itself could justify.
/// </summary>
public sealed class BinarySectionReader(ReadOnlyMemory<byte> content, string sectionName)
{
    /// <summary>Structures may nest this deep; deeper ones are refused before the stack is at risk.</summary>
    public const int MaximumDepth = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private int _depth;

    /// <summary>The next byte to read, from the start of the section.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public int Remaining => content.Length - Position;

    public byte ReadByte() => Take(1)[0];

    public bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw Error($"{other} is not a truth value"),
    };

    public ulong ReadUnsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte part = ReadByte();
            if (shift == 63 && part > 1)
            {
                throw Error("a number has more than 64 bits");
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                // One number, one spelling: otherwise two different files could mean the same.
                return part == 0 && shift > 0 ? throw Error("a number is not in its shortest form") : value;
            }
        }

        throw Error("a number has more than 64 bits");
    }

    public long ReadSigned()
    {
        ulong coded = ReadUnsigned();
        return (long)(coded >> 1) ^ -(long)(coded & 1);
    }

    /// <summary>A signed number that must lie in [minimum, maximum]; <paramref name="what"/> names it in the error.</summary>
    public int ReadInt32(int minimum, int maximum, string what)
    {
        long value = ReadSigned();
        return value >= minimum && value <= maximum ? (int)value : throw Error($"{what} is {value}, which is not in {minimum}..{maximum}");
    }

    /// <summary>The index of an item in a list of <paramref name="count"/> items, written as unsigned number.</summary>
    public int ReadIndex(int count, string what)
    {
        ulong value = ReadUnsigned();
        return value < (ulong)Math.Max(count, 0) ? (int)value : throw Error($"{what} is number {value} of {count}");
    }

    /// <summary>A member of an enumeration, written as unsigned number; values without a name are refused.</summary>
    public T ReadEnum<T>(string what) where T : struct, Enum
    {
        ulong value = ReadUnsigned();
        T member = value <= int.MaxValue ? (T)Enum.ToObject(typeof(T), value) : default;
        return value <= int.MaxValue && Enum.IsDefined(member) ? member : throw Error($"{what} has the unknown value {value}");
    }

    /// <summary>The number of items that follow, checked against what is left: it is safe to allocate that many.</summary>
    /// <param name="minimumItemSize">The fewest bytes an item takes in the file, 1 or more.</param>
    public int ReadCount(int minimumItemSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumItemSize, 1);
        ulong count = ReadUnsigned();
        return count <= (ulong)(Remaining / minimumItemSize)
            ? (int)count
            : throw Error($"{count} items of at least {minimumItemSize} bytes are announced but only {Remaining} bytes follow");
    }

    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public float ReadSingle() => BitConverter.UInt32BitsToSingle(ReadFixed32());

    public double ReadDouble() => BitConverter.UInt64BitsToDouble(ReadFixed64());

    public string ReadString()
    {
        ReadOnlySpan<byte> bytes = Take(ReadCount(1));
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException inner)
        {
            throw Error("a text is not valid UTF-8", inner);
        }
    }

    /// <summary>A view of the section, no copy.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        int count = ReadCount(1);
        int start = Position;
        Take(count);
        return content.Slice(start, count);
    }

    public long[] ReadSignedList()
    {
        long[] values = new long[ReadCount(1)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadSigned();
        }

        return values;
    }

    /// <summary>Call before reading a structure that can contain its own kind; pair it with <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > MaximumDepth)
        {
            throw Error($"structures are nested deeper than {MaximumDepth}");
        }
    }

    /// <summary>Call behind a structure begun with <see cref="Enter"/>.</summary>
    public void Leave() => _depth--;

    /// <summary>States that the section ends here.</summary>
    public void ExpectEnd()
    {
        if (Remaining != 0)
        {
            throw Error($"{Remaining} bytes are left over");
        }
    }

    /// <summary>The exception for a violation found at the current position.</summary>
    public EngineFormatException Error(string problem, Exception? inner = null) =>
        new($"The engine's section \"{sectionName}\" is not valid at byte {Position}: {problem}. Build the engine again.", inner);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw Error($"{count} bytes are needed but only {Remaining} follow");
        }

        ReadOnlySpan<byte> taken = content.Span.Slice(Position, count);
        Position += count;
        return taken;
    }
}
