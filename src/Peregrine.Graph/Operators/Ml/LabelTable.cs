using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Finds the position of an element in a list of keys of the same type; the last of equal keys counts.</summary>
internal sealed class LabelTable
{
    private readonly Dictionary<string, int>? _texts;
    private readonly Dictionary<double, int>? _floats;
    private readonly Dictionary<long, int>? _integers;

    public LabelTable(Tensor keys)
    {
        if (keys.Type == DataType.String)
        {
            _texts = new(StringComparer.Ordinal);
            for (int i = 0; i < keys.Strings.Length; i++)
            {
                _texts[keys.Strings[i]] = i;
            }
        }
        else if (keys.Type.IsFloat())
        {
            // The default comparer takes all NaNs for one, and both zeros for one.
            _floats = Index<double>(keys);
        }
        else
        {
            _integers = Index<long>(keys);
        }
    }

    /// <summary>The key's position, or -1.</summary>
    public int Find(Tensor tensor, long element)
    {
        int i = (int)element;
        return tensor.Type switch
        {
            DataType.String => _texts!.GetValueOrDefault(tensor.Strings[i], -1),
            DataType.Float32 => _floats!.GetValueOrDefault(tensor.Span<float>()[i], -1),
            DataType.Float64 => _floats!.GetValueOrDefault(tensor.Span<double>()[i], -1),
            DataType.Int64 => _integers!.GetValueOrDefault(tensor.Span<long>()[i], -1),
            DataType.Int32 => _integers!.GetValueOrDefault(tensor.Span<int>()[i], -1),
            _ => _integers!.GetValueOrDefault(tensor.Span<short>()[i], -1),
        };
    }

    public int Find(string text) => _texts!.GetValueOrDefault(text, -1);

    public int Find(long number) => _integers!.GetValueOrDefault(number, -1);

    private static Dictionary<T, int> Index<T>(Tensor keys) where T : unmanaged
    {
        T[] values = new T[keys.Length];
        ElementConversion.Load<T>(keys, values);
        Dictionary<T, int> index = [];
        for (int i = 0; i < values.Length; i++)
        {
            index[values[i]] = i;
        }

        return index;
    }
}
