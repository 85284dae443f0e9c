using System.Buffers.Binary;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Tensors;

/// <summary>
/// Reads and writes NumPy's <c>.npy</c> files, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): floats, integers, bool, complex and
/// unicode strings in either byte order, in C or Fortran order. Pickled objects are refused.
/// </summary>
public static class NumpyFile
{
    private const int MaxHeader = 1 << 20;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelException">PG1010: unreadable; PG1037: no such file format; PG1038: an element type that a tensor cannot have; PG1039: wrong length.</exception>
    public static Tensor Read(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(stream, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string reason = e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.Message.TrimEnd('.');
            throw new ModelException(Diagnostic.Error("PG1010", $"The file \"{path}\" cannot be read: {reason}.", suggestion: "Check the path and the permissions."));
        }
    }

    /// <summary>Reads a seekable stream from its position to its end; <paramref name="name"/> is for messages.</summary>
    /// <exception cref="ModelException">As for <see cref="Read(string)"/>.</exception>
    public static Tensor Read(Stream stream, string name)
    {
        string text = ReadHeaderText(stream, name);
        NumpyHeader header = NumpyHeader.Parse(text) ?? throw Fail(name, "PG1037", $"its header is damaged: {Shorten(text)}", "Write it again with numpy.save.");
        NumpyType type = NumpyType.Parse(header.Description) ?? throw Fail(name, "PG1038", $"its element type is \"{Shorten(header.Description)}\"", "Convert it in NumPy with .astype: floats, integers, bool, complex and <U strings can be read.");
        DataType element = type.Type;
        long count = CheckShape(header.Dims, type.ItemBytes, name);
        long bytes = count * type.ItemBytes;
        if (stream.Length - stream.Position != bytes)
        {
            throw Fail(name, "PG1039", $"it has {stream.Length - stream.Position} bytes of data, but {Shorten(header.Description)}{header.Dims} takes {bytes}", "The file is truncated or damaged; write it again.");
        }

        byte[] data = new byte[bytes];
        stream.ReadExactly(data);
        if (type.IsBigEndian)
        {
            Reverse(data, type.SwapBytes);
        }

        if (header.IsFortranOrder && header.Dims.Count > 1)
        {
            data = FromFortranOrder(data, type.ItemBytes, header.Dims.AsSpan());
        }

        if (element == DataType.Bool && data.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw Fail(name, "PG1037", "a bool is neither 0 nor 1", "Write it again with numpy.save.");
        }

        return element == DataType.String ? new(header.Dims.AsSpan(), Strings(data, type.ItemBytes, count, name)) : new(element, header.Dims.AsSpan(), data);
    }

    /// <summary>Writes a file, beside it at first, so that it is either whole or untouched.</summary>
    /// <exception cref="ModelException">PG1036: it cannot be written; PG1038: NumPy has no such element type.</exception>
    public static void Write(string path, Tensor tensor)
    {
        Tensor writable = Widen(tensor, path);
        AtomicFile.Write(path, stream => WriteCore(stream, writable));
    }

    /// <summary>Writes to a stream. bfloat16 is written as float32 and integers of 2 and 4 bits as bytes, since NumPy has no such types.</summary>
    /// <exception cref="ModelException">PG1038: NumPy has no such element type.</exception>
    public static void Write(Stream stream, Tensor tensor) => WriteCore(stream, Widen(tensor, "stream"));

    private static string ReadHeaderText(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[12];
        int got = stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false);
        if (got < 8 || !start[..6].SequenceEqual(Magic) || start[6] is < 1 or > 3)
        {
            throw Fail(name, "PG1037", got < 8 || !start[..6].SequenceEqual(Magic) ? "it is no .npy file" : $"it has version {start[6]} of the format; 1 to 3 can be read", "Write it with numpy.save (not savez or savetxt).");
        }

        int lengthBytes = start[6] == 1 ? 2 : 4;
        if (stream.ReadAtLeast(start.Slice(8, lengthBytes), lengthBytes, throwOnEndOfStream: false) < lengthBytes)
        {
            throw Fail(name, "PG1037", "it ends in its header", "Write it again with numpy.save.");
        }

        uint length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > MaxHeader || length > stream.Length - stream.Position)
        {
            throw Fail(name, "PG1037", $"its header is said to have {length} bytes; {Math.Min(MaxHeader, stream.Length - stream.Position)} are possible", "Write it again with numpy.save.");
        }

        byte[] bytes = new byte[length];
        stream.ReadExactly(bytes);
        return (start[6] == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes);
    }

    private static long CheckShape(Ints dims, int itemBytes, string name)
    {
        bool isEmpty = dims.Contains(0);
        Int128 count = 1;
        foreach (long dim in dims)
        {
            count *= Math.Max(dim, 1);
            if (count * Math.Max(itemBytes, 1) > (isEmpty ? long.MaxValue : Tensor.MaxBytes))
            {
                throw Fail(name, "PG1039", $"an array of {dims} elements of {itemBytes} bytes exceeds the limit of {Tensor.MaxBytes} bytes", "Use a smaller array.");
            }
        }

        return isEmpty ? 0 : (long)count;
    }

    private static void Reverse(Span<byte> data, int width)
    {
        for (int i = 0; i + width <= data.Length; i += width)
        {
            data.Slice(i, width).Reverse();
        }
    }

    /// <summary>Row-major bytes of column-major ones.</summary>
    private static byte[] FromFortranOrder(ReadOnlySpan<byte> data, int itemBytes, ReadOnlySpan<long> dims)
    {
        byte[] result = new byte[data.Length];
        Span<long> index = stackalloc long[dims.Length];
        index.Clear();
        for (int to = 0; to < result.Length; to += itemBytes)
        {
            long from = 0;
            for (int axis = dims.Length - 1; axis >= 0; axis--)
            {
                from = (from * dims[axis]) + index[axis];
            }

            data.Slice((int)(from * itemBytes), itemBytes).CopyTo(result.AsSpan(to));
            for (int axis = dims.Length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        return result;
    }

    private static string[] Strings(ReadOnlySpan<byte> data, int itemBytes, long count, string name)
    {
        string[] strings = new string[count];
        StringBuilder text = new();
        for (int i = 0; i < strings.Length; i++)
        {
            ReadOnlySpan<byte> item = data.Slice(i * itemBytes, itemBytes);
            int used = item.Length;
            while (used > 0 && BinaryPrimitives.ReadUInt32LittleEndian(item[(used - 4)..]) == 0)
            {
                used -= 4;
            }

            text.Clear();
            for (int at = 0; at < used; at += 4)
            {
                uint code = BinaryPrimitives.ReadUInt32LittleEndian(item[at..]);
                text.Append(Rune.IsValid(code) ? new Rune(code).ToString() : throw Fail(name, "PG1037", $"string {i} holds {code}, which is no character", "Write it again with numpy.save."));
            }

            strings[i] = text.ToString();
        }

        return strings;
    }

    private static Tensor Widen(Tensor tensor, string name)
    {
        DataType type = tensor.Type;
        if (type == DataType.BFloat16)
        {
            Tensor wide = Tensor.Allocate(DataType.Float32, tensor.Dims);
            for (int i = 0; i < wide.Length; i++)
            {
                wide.Span<float>()[i] = tensor.Span<BFloat16>()[i];
            }

            return wide;
        }

        if (type.IsInteger() && type.Bits() < 8)
        {
            Tensor wide = Tensor.Allocate(type.IsSignedInteger() ? DataType.Int8 : DataType.UInt8, tensor.Dims);
            int bits = type.Bits(), perByte = 8 / bits;
            for (int i = 0; i < wide.Length; i++)
            {
                // To the top of the byte and back, so that the shift spreads the sign.
                int top = (byte)(tensor.Data.Span[i / perByte] << (8 - bits - (i % perByte * bits)));
                wide.Data.Span[i] = (byte)(type.IsSignedInteger() ? (sbyte)top >> (8 - bits) : top >> (8 - bits));
            }

            return wide;
        }

        return type == DataType.String || NumpyType.DescriptionOf(type) is not null ? tensor : throw Fail(name, "PG1038", $"NumPy has no type for {type.Name()}", "Cast the value to float32 first.", "written");
    }

    private static void WriteCore(Stream stream, Tensor tensor)
    {
        int characters = tensor.Type == DataType.String ? Math.Max(1, tensor.Strings.Select(s => s.EnumerateRunes().Count()).DefaultIfEmpty().Max()) : 0;
        string description = tensor.Type == DataType.String ? $"<U{characters}" : NumpyType.DescriptionOf(tensor.Type)!;
        stream.Write(NumpyHeader.ToBytes(description, Ints.Create(tensor.Dims)));
        if (tensor.Type != DataType.String)
        {
            stream.Write(tensor.Data.Span);
            GC.KeepAlive(tensor);
            return;
        }

        byte[] item = new byte[checked(characters * 4)];
        foreach (string text in tensor.Strings)
        {
            item.AsSpan().Clear();
            int at = 0;
            foreach (Rune rune in text.EnumerateRunes())
            {
                BinaryPrimitives.WriteInt32LittleEndian(item.AsSpan(at), rune.Value);
                at += 4;
            }

            stream.Write(item);
        }
    }

    private static string Shorten(string text) => text.Length <= 80 ? text.Trim() : text[..80] + "…";

    private static ModelException Fail(string name, string code, string what, string suggestion, string verb = "read") =>
        new(Diagnostic.Error(code, $"\"{name}\" cannot be {verb}: {what}.", suggestion: suggestion));
}
