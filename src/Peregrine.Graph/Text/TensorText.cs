using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>The elements of a tensor in the text form: numbers that read back to the same value, complex numbers as two, strings in quotes.</summary>
internal static class TensorText
{
    /// <summary><c>1,2.5,nan</c></summary>
    public static string Print(Tensor tensor)
    {
        StringBuilder text = new();
        int count = (int)ScalarCount(tensor.Type, tensor.Length);
        double[] floats = [];
        if (tensor.Type.IsFloat())
        {
            floats = new double[count];
            ElementConversion.Load<double>(tensor, floats);
        }

        for (int i = 0; i < count; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(tensor.Type switch
            {
                DataType.String => AttributeBag.Quote(tensor.Strings[i]),
                DataType.Float32 => Number(tensor.Span<float>()[i]),
                DataType.Complex64 => Number(MemoryMarshal.Cast<byte, float>(tensor.Data.Span)[i]),
                DataType.Complex128 => Number(MemoryMarshal.Cast<byte, double>(tensor.Data.Span)[i]),
                DataType.UInt64 => tensor.Span<ulong>()[i].ToString(CultureInfo.InvariantCulture),
                _ when floats.Length > 0 => Number(floats[i]),
                _ => Integer(tensor, i),
            });
        }

        return text.ToString();
    }

    /// <summary>Numbers to write for <paramref name="length"/> elements.</summary>
    public static long ScalarCount(DataType type, long length) => type.IsComplex() ? checked(2 * length) : length;

    /// <summary>A tensor from its written numbers, or null with the first text that is no element of the type.</summary>
    public static Tensor? Parse(DataType type, ReadOnlySpan<long> dims, IReadOnlyList<string> texts, out string? wrong)
    {
        wrong = null;
        Tensor tensor = Tensor.Allocate(type, dims);
        double[] floats = type.IsFloat() || type.IsComplex() ? new double[texts.Count] : [];
        long[] integers = floats.Length > 0 || type == DataType.UInt64 ? [] : new long[texts.Count];
        for (int i = 0; i < texts.Count; i++)
        {
            bool valid = true;
            if (type == DataType.UInt64)
            {
                valid = ulong.TryParse(texts[i], NumberStyles.None, CultureInfo.InvariantCulture, out tensor.Span<ulong>()[i]);
            }
            else if (floats.Length > 0)
            {
                valid = TryFloat(texts[i], type, out floats[i]);
            }
            else
            {
                valid = long.TryParse(texts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out integers[i]);
            }

            if (!valid)
            {
                wrong = texts[i];
                return null;
            }
        }

        switch (type)
        {
            case DataType.UInt64:
                break;
            case DataType.Complex128:
                floats.CopyTo(MemoryMarshal.Cast<byte, double>(tensor.Data.Span));
                break;
            case DataType.Complex64:
                Array.ConvertAll(floats, f => (float)f).CopyTo(MemoryMarshal.Cast<byte, float>(tensor.Data.Span));
                break;
            case var _ when floats.Length > 0:
                ElementConversion.Store<double>(floats, tensor);
                break;
            default:
                ElementConversion.Store<long>(integers, tensor);
                break;
        }

        return tensor;
    }

    private static bool TryFloat(string text, DataType type, out double value)
    {
        switch (text)
        {
            case "nan":
                value = double.NaN;
                return true;
            case "inf" or "-inf":
                value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
                return true;
            default:
                // The shortest text of a float32 is not that of the same number as a double.
                if (type is DataType.Float32 or DataType.Complex64 && float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float single))
                {
                    value = single;
                    return true;
                }

                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
    }

    private static string Integer(Tensor tensor, int index)
    {
        long value = tensor.Type switch
        {
            DataType.Int64 => tensor.Span<long>()[index],
            DataType.Int32 => tensor.Span<int>()[index],
            DataType.UInt32 => tensor.Span<uint>()[index],
            DataType.Int16 => tensor.Span<short>()[index],
            DataType.UInt16 => tensor.Span<ushort>()[index],
            DataType.Int8 => tensor.Span<sbyte>()[index],
            DataType.UInt8 or DataType.Bool => tensor.Data.Span[index],
            _ => PackedElements.GetInteger(tensor.Type, tensor.Data.Span, index),
        };
        return value.ToString(CultureInfo.InvariantCulture);
    }

    private static string Number(float value) => float.IsNaN(value) ? "nan" : float.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Number(double value) => double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString("R", CultureInfo.InvariantCulture);
}
