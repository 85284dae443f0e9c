using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Peregrine.Diagnostics;

namespace Peregrine.Tensors;

/// <summary>
/// A dense row-major tensor: element type, dimensions (outermost first) and elements. The bytes may be a view on memory that somebody else owns
/// (a mapped file, an arena); whoever makes such a view says how long it lives. Sub-byte types are packed as ONNX packs them. Strings are held as objects.
/// </summary>
public sealed class Tensor : IEquatable<Tensor>
{
    /// <summary>The most dimensions that a tensor may have. Kernels keep index arrays of this length on the stack.</summary>
    public const int MaxRank = 64;

    /// <summary>The most bytes that one tensor can hold.</summary>
    public const long MaxBytes = int.MaxValue;

    private readonly long[] _dims;
    private readonly string[]? _strings;

    /// <summary>A view on <paramref name="data"/>; its length must be exactly what type and dimensions take.</summary>
    public Tensor(DataType type, ReadOnlySpan<long> dims, Memory<byte> data)
    {
        Type = type;
        _dims = dims.ToArray();
        Length = CountElements(dims);
        Data = data;
        if (type == DataType.String || data.Length != type.ByteCount(Length))
        {
            throw new ArgumentException($"{type.Name()}{new DimsText(_dims)} takes {type.ByteCount(Length)} bytes, not {data.Length}.", nameof(data));
        }
    }

    /// <summary>A tensor of strings.</summary>
    public Tensor(ReadOnlySpan<long> dims, string[] strings)
    {
        Type = DataType.String;
        _dims = dims.ToArray();
        Length = CountElements(dims);
        _strings = strings;
        if (strings.LongLength != Length)
        {
            throw new ArgumentException($"{new DimsText(_dims)} holds {Length} strings, not {strings.LongLength}.", nameof(strings));
        }
    }

    public DataType Type { get; }

    public ReadOnlySpan<long> Dims => _dims;

    public int Rank => _dims.Length;

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>The elements' bytes, little endian; empty for strings.</summary>
    public Memory<byte> Data { get; }

    /// <summary>The strings of a string tensor.</summary>
    public string[] Strings => _strings ?? throw new InvalidOperationException($"A tensor of {Type.Name()} has no strings.");

    /// <summary>A new zero-filled tensor. Throws <see cref="ModelException"/> if it would exceed <see cref="MaxBytes"/>, before anything is allocated.</summary>
    public static Tensor Allocate(DataType type, ReadOnlySpan<long> dims)
    {
        long bytes = CheckedBytes(type, dims);
        if (type == DataType.String)
        {
            string[] strings = new string[CountElements(dims)];
            Array.Fill(strings, "");
            return new(dims, strings);
        }

        try
        {
            return new(type, dims, new byte[bytes]);
        }
        catch (OutOfMemoryException e)
        {
            throw new BackendException($"This process has no memory left for a tensor {type.Name()}{new DimsText(dims.ToArray())} of {bytes} bytes. Use smaller shapes, or a larger machine.", e);
        }
    }

    /// <summary>The bytes that such a tensor takes (8 for a string); a <see cref="ModelException"/> if that overflows or exceeds <see cref="MaxBytes"/>.</summary>
    public static long CheckedBytes(DataType type, ReadOnlySpan<long> dims)
    {
        if (dims.Length > MaxRank)
        {
            throw new ModelException(Diagnostic.Error("PG1003", $"A tensor cannot have {dims.Length} dimensions; the limit is {MaxRank}."));
        }

        long count = 1;
        bool empty = false;
        foreach (long dim in dims)
        {
            if (dim < 0)
            {
                throw new ModelException(Diagnostic.Error("PG1003", $"A tensor cannot have the shape {new DimsText(dims.ToArray())}: {dim} is negative."));
            }

            empty |= dim == 0;
            count = count > MaxBytes || dim > MaxBytes ? MaxBytes * MaxBytes : count * dim;
        }

        // An element takes two bits at least, and 128 at most.
        long bytes = empty ? 0 : count > 4 * MaxBytes ? long.MaxValue : type == DataType.String ? count * 8 : ((count * type.Bits()) + 7) / 8;
        if (bytes > MaxBytes)
        {
            throw new ModelException(Diagnostic.Error("PG1004", $"A tensor {type.Name()}{new DimsText(dims.ToArray())} exceeds the limit of {MaxBytes} bytes for one tensor.", suggestion: "Use a smaller shape, or split the tensor."));
        }

        return bytes;
    }

    public static Tensor Of<T>(ReadOnlySpan<long> dims, ReadOnlySpan<T> values) where T : unmanaged
    {
        Tensor tensor = Allocate(DataTypes.Of<T>(), dims);
        values.CopyTo(tensor.Span<T>());
        return tensor;
    }

    /// <summary>A tensor of rank 0.</summary>
    public static Tensor Scalar<T>(T value) where T : unmanaged => Of([], [value]);

    /// <summary>A tensor of rank 1.</summary>
    public static Tensor Vector<T>(params ReadOnlySpan<T> values) where T : unmanaged => Of([values.Length], values);

    /// <summary>The elements as <typeparamref name="T"/>, which must be the .NET type of <see cref="Type"/> (any one-byte type may be read as <c>byte</c>).</summary>
    public Span<T> Span<T>() where T : unmanaged
    {
        if (DataTypes.Of<T>() != Type && !(typeof(T) == typeof(byte) && Type.Bits() <= 8 && Type != DataType.String))
        {
            throw new InvalidOperationException($"A tensor of {Type.Name()} cannot be read as {typeof(T).Name}.");
        }

        return MemoryMarshal.Cast<byte, T>(Data.Span);
    }

    /// <summary>The same elements under other dimensions (same count).</summary>
    public Tensor WithDims(ReadOnlySpan<long> dims) => _strings is null ? new(Type, dims, Data) : new(dims, _strings);

    /// <summary>A copy that owns its memory.</summary>
    public Tensor Clone() => _strings is null ? new(Type, _dims, Data.ToArray()) : new(_dims, [.. _strings]);

    /// <summary>Same type, dimensions and bits: operators that hold tensors as attributes are value-equal.</summary>
    public bool Equals(Tensor? other) =>
        other is not null && Type == other.Type && Dims.SequenceEqual(other.Dims) && (_strings is null ? Data.Span.SequenceEqual(other.Data.Span) : _strings.AsSpan().SequenceEqual(other._strings));

    public override bool Equals(object? obj) => Equals(obj as Tensor);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Type);
        foreach (long dim in _dims)
        {
            hash.Add(dim);
        }

        // Hashing a prefix is enough to spread small attributes and stays cheap for large weights.
        hash.AddBytes(Data.Span[..Math.Min(Data.Length, 64)]);
        return hash.ToHashCode();
    }

    /// <summary>Product of the dimensions, 0 if any is 0 however large the others are; throws <see cref="OverflowException"/> past 2^63.</summary>
    public static long CountElements(ReadOnlySpan<long> dims)
    {
        if (dims.Contains(0))
        {
            return 0;
        }

        long count = 1;
        foreach (long dim in dims)
        {
            count = checked(count * dim);
        }

        return count;
    }

    public override string ToString() => $"{Type.Name()}{new DimsText(_dims)}";

    private readonly struct DimsText(long[] dims)
    {
        public override string ToString() => $"[{string.Join(',', dims)}]";
    }
}
