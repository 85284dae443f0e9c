using System.Buffers.Binary;
using System.Text;

namespace Peregrine.OnnxRuntimePeer;

/// <summary>
/// The binary protocol between a client and the peer, over the peer's standard input and output. All integers are little endian.
/// <code>
/// request = int32 Magic, byte PeerCommand, fields          reply = int32 Magic, byte PeerReply, fields (Ok) or text (Failed, Unsupported)
/// text    = int32 byte count, UTF-8                        value = int32 ONNX element type, int32 rank, int64 × rank, elements
/// elements: int64 byte count, bytes; for strings (type 8): int64 count, text × count
/// named   = text name, value                               set   = int32 count, named × count
///
/// A map is two tensors of equal length in a set, one behind the other: its keys, NAME + KeysSuffix, and its values, NAME + ValuesSuffix; map i of a sequence has the name NAME + '\n' + i.
///
/// Load       text path, int32 intra-op threads (0: all), int32 optimization level, text path of the optimized model (empty: none)  → int32 session, double ms, ports of inputs, ports of outputs
///            ports = int32 count, (text name, int32 ONNXType, int32 element type, int32 rank, int64 × rank with −1 for unknown) × count
/// Run        int32 session, set of inputs                                  → double ms, set of outputs
/// SetInputs  int32 session, set A, set B                                   → nothing
/// Time       int32 session, int32 warm-up runs, int32 timed runs           → int32 count, double ms × count; runs take A and B in turn, across calls too
/// Unload     int32 session                                                 → nothing
/// Version                                                                  → text
/// Quit                                                                     → nothing; the peer ends
/// </code>
/// A request is always read to its end before anything is done, so an error never leaves half a request in the pipe.
/// </summary>
public static class Wire
{
    /// <summary>Begins every message, so that a foreign byte in the pipe is noticed at once.</summary>
    public const int Magic = 0x31_54_52_4F;

    /// <summary>Behind the name of a map's keys. No tensor of a model has a line break in its name.</summary>
    public const string KeysSuffix = "\nkeys";

    /// <summary>Behind the name of a map's values.</summary>
    public const string ValuesSuffix = "\nvalues";

    /// <summary>The number of the string type in ONNX's <c>TensorProto.DataType</c>.</summary>
    public const int StringType = 8;

    public static void WriteInt32(Stream stream, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    public static void WriteInt64(Stream stream, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    public static void WriteDouble(Stream stream, double value) => WriteInt64(stream, BitConverter.DoubleToInt64Bits(value));

    public static void WriteText(Stream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        WriteInt32(stream, bytes.Length);
        stream.Write(bytes);
    }

    public static void WriteDims(Stream stream, ReadOnlySpan<long> dims)
    {
        WriteInt32(stream, dims.Length);
        foreach (long dim in dims)
        {
            WriteInt64(stream, dim);
        }
    }

    public static int ReadInt32(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[4];
        stream.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public static long ReadInt64(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[8];
        stream.ReadExactly(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public static double ReadDouble(Stream stream) => BitConverter.Int64BitsToDouble(ReadInt64(stream));

    public static string ReadText(Stream stream)
    {
        byte[] bytes = new byte[ReadCount(stream, int.MaxValue)];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    public static long[] ReadDims(Stream stream)
    {
        long[] dims = new long[ReadCount(stream, 64)];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = ReadInt64(stream);
        }

        return dims;
    }

    /// <summary>A count of 0 to <paramref name="limit"/>; anything else means that the two sides no longer understand each other.</summary>
    public static int ReadCount(Stream stream, int limit)
    {
        int count = ReadInt32(stream);
        return count >= 0 && count <= limit ? count : throw new InvalidDataException($"The message holds a count of {count}, outside 0 to {limit}.");
    }
}

/// <summary>What a client asks of the peer.</summary>
public enum PeerCommand : byte
{
    Quit = 0,
    Load = 1,
    Run = 2,
    SetInputs = 3,
    Time = 4,
    Unload = 5,
    Version = 6,
}

/// <summary>How a request ended.</summary>
public enum PeerReply : byte
{
    Ok = 0,

    /// <summary>ONNX Runtime refused; its message follows.</summary>
    Failed = 1,

    /// <summary>The peer itself cannot carry such a value; a sentence follows.</summary>
    Unsupported = 2,
}
