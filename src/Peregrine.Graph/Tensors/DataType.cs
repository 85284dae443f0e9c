namespace Peregrine.Tensors;

/// <summary>The type of a tensor's elements. The values are those of ONNX's <c>TensorProto.DataType</c>.</summary>
public enum DataType
{
    /// <summary>Not known yet; never the type of a tensor that exists.</summary>
    Undefined = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    /// <summary>One byte, 0 or 1.</summary>
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    /// <summary>Two float32: real, imaginary.</summary>
    Complex64 = 14,
    /// <summary>Two float64: real, imaginary.</summary>
    Complex128 = 15,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    Float8E4M3FNUZ = 18,
    Float8E5M2 = 19,
    Float8E5M2FNUZ = 20,
    /// <summary>Packed, the first element in the low nibble.</summary>
    UInt4 = 21,
    /// <summary>Packed, the first element in the low nibble.</summary>
    Int4 = 22,
    /// <summary>Packed, the first element in the low nibble.</summary>
    Float4E2M1 = 23,
    Float8E8M0 = 24,
    /// <summary>Packed, the first element in the lowest bits.</summary>
    UInt2 = 25,
    /// <summary>Packed, the first element in the lowest bits.</summary>
    Int2 = 26,
}

/// <summary>What is fixed about each <see cref="DataType"/>: its size, its class and its short name in the text form.</summary>
public static class DataTypes
{
    private static readonly (string Name, int Bits)[] Table =
    [
        ("?", 0), ("f32", 32), ("u8", 8), ("s8", 8), ("u16", 16), ("s16", 16), ("s32", 32), ("s64", 64), ("str", 0), ("bool", 8),
        ("f16", 16), ("f64", 64), ("u32", 32), ("u64", 64), ("c64", 64), ("c128", 128), ("bf16", 16), ("f8e4m3fn", 8), ("f8e4m3fnuz", 8),
        ("f8e5m2", 8), ("f8e5m2fnuz", 8), ("u4", 4), ("s4", 4), ("f4e2m1", 4), ("f8e8m0", 8), ("u2", 2), ("s2", 2),
    ];

    /// <summary>All types that a tensor can have, in the order of their numbers.</summary>
    public static IReadOnlyList<DataType> All { get; } = [.. Enumerable.Range(1, Table.Length - 1).Select(i => (DataType)i)];

    /// <summary>The name in the text form: <c>f32</c>, <c>s8</c>, <c>bf16</c>, …</summary>
    public static string Name(this DataType type) => IsDefined(type) ? Table[(int)type].Name : $"?{(int)type}";

    /// <summary>Bits of one element; 0 for strings.</summary>
    public static int Bits(this DataType type) => IsDefined(type) ? Table[(int)type].Bits : 0;

    /// <summary>Whether the number stands for a type that Peregrine knows (or for <see cref="DataType.Undefined"/>).</summary>
    public static bool IsDefined(DataType type) => (uint)type < (uint)Table.Length;

    /// <summary>The type of that short name, or <see cref="DataType.Undefined"/>.</summary>
    public static DataType Parse(string name)
    {
        int index = Array.FindIndex(Table, t => t.Name == name);
        return index > 0 ? (DataType)index : DataType.Undefined;
    }

    /// <summary>Bytes that <paramref name="count"/> elements take, packed (sub-byte types share bytes). Throws <see cref="OverflowException"/> past 2^63.</summary>
    public static long ByteCount(this DataType type, long count) =>
        type.Bits() >= 8 ? checked(count * (type.Bits() / 8)) : checked(((count * type.Bits()) + 7) / 8);

    /// <summary>float16, bfloat16, float32, float64, the float8 types and float4.</summary>
    public static bool IsFloat(this DataType type) => type is DataType.Float32 or DataType.Float64 or DataType.Float16 or DataType.BFloat16 || type.IsTinyFloat();

    /// <summary>The float8 types and float4.</summary>
    public static bool IsTinyFloat(this DataType type) => type is (>= DataType.Float8E4M3FN and <= DataType.Float8E5M2FNUZ) or DataType.Float4E2M1 or DataType.Float8E8M0;

    /// <summary>Signed and unsigned integers of 2 to 64 bits; not bool.</summary>
    public static bool IsInteger(this DataType type) => type.IsSignedInteger() || type.IsUnsignedInteger();

    public static bool IsSignedInteger(this DataType type) => type is DataType.Int8 or DataType.Int16 or DataType.Int32 or DataType.Int64 or DataType.Int4 or DataType.Int2;

    public static bool IsUnsignedInteger(this DataType type) => type is DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64 or DataType.UInt4 or DataType.UInt2;

    public static bool IsComplex(this DataType type) => type is DataType.Complex64 or DataType.Complex128;

    /// <summary>The type that belongs to the .NET element type <typeparamref name="T"/> (<c>float</c> → Float32, <c>Half</c> → Float16, …), or Undefined.</summary>
    public static DataType Of<T>() => Of(typeof(T));

    /// <inheritdoc cref="Of{T}"/>
    public static DataType Of(Type type) => type switch
    {
        _ when type == typeof(float) => DataType.Float32,
        _ when type == typeof(double) => DataType.Float64,
        _ when type == typeof(Half) => DataType.Float16,
        _ when type == typeof(BFloat16) => DataType.BFloat16,
        _ when type == typeof(sbyte) => DataType.Int8,
        _ when type == typeof(byte) => DataType.UInt8,
        _ when type == typeof(short) => DataType.Int16,
        _ when type == typeof(ushort) => DataType.UInt16,
        _ when type == typeof(int) => DataType.Int32,
        _ when type == typeof(uint) => DataType.UInt32,
        _ when type == typeof(long) => DataType.Int64,
        _ when type == typeof(ulong) => DataType.UInt64,
        _ when type == typeof(bool) => DataType.Bool,
        _ when type == typeof(string) => DataType.String,
        _ when type == typeof(System.Numerics.Complex) => DataType.Complex128,
        _ => DataType.Undefined,
    };
}
