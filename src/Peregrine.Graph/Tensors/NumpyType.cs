using System.Globalization;

namespace Peregrine.Tensors;

/// <summary>An element type of NumPy, as <c>descr</c> names it.</summary>
/// <param name="Type">The tensor's element type.</param>
/// <param name="ItemBytes">Bytes of one element in the file.</param>
/// <param name="SwapBytes">Bytes of one number: half an element of a complex type, one character of a string.</param>
/// <param name="IsBigEndian">Whether each number's bytes are in reverse.</param>
internal sealed record NumpyType(DataType Type, int ItemBytes, int SwapBytes, bool IsBigEndian)
{
    private static readonly (string Name, DataType Type)[] Names =
    [
        ("f2", DataType.Float16), ("f4", DataType.Float32), ("f8", DataType.Float64),
        ("i1", DataType.Int8), ("i2", DataType.Int16), ("i4", DataType.Int32), ("i8", DataType.Int64),
        ("u1", DataType.UInt8), ("u2", DataType.UInt16), ("u4", DataType.UInt32), ("u8", DataType.UInt64),
        ("b1", DataType.Bool), ("c8", DataType.Complex64), ("c16", DataType.Complex128),
    ];

    /// <summary>The type of that description; null if a tensor cannot have it.</summary>
    public static NumpyType? Parse(string description)
    {
        bool hasOrder = description.Length > 0 && description[0] is '<' or '>' or '|' or '=';
        bool isBigEndian = description.StartsWith('>');
        string name = hasOrder ? description[1..] : description;
        if (name.StartsWith('U'))
        {
            return int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int characters) && characters is > 0 and <= int.MaxValue / 8
                ? new(DataType.String, characters * 4, 4, isBigEndian)
                : null;
        }

        DataType type = Array.Find(Names, n => n.Name == name).Type;
        int bytes = type.Bits() / 8;
        return type == DataType.Undefined ? null : new(type, bytes, type.IsComplex() ? bytes / 2 : bytes, isBigEndian);
    }

    /// <summary>The little-endian description of a type; null if NumPy has none.</summary>
    public static string? DescriptionOf(DataType type)
    {
        string? name = Array.Find(Names, n => n.Type == type).Name;
        return name is null ? null : (type.Bits() == 8 ? "|" : "<") + name;
    }
}
