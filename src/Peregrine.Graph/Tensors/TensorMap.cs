using System.Globalization;

namespace Peregrine.Tensors;

/// <summary>
/// The value of an ONNX map, as classifiers of ai.onnx.ml give them (label to probability): distinct keys and as many values, in the order in which they were made. Keys are int64 or string.
/// <code>Dictionary&lt;string, float&gt; scores = map.ToDictionary&lt;string, float&gt;();</code>
/// </summary>
public sealed class TensorMap
{
    /// <exception cref="ArgumentException">The keys are not one row of distinct int64 or strings, or there are not as many values.</exception>
    public TensorMap(Tensor keys, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        if (keys.Rank != 1 || values.Rank != 1 || keys.Length != values.Length || keys.Type is not (DataType.Int64 or DataType.String))
        {
            throw new ArgumentException($"A map takes s64[n] or str[n] as keys and as many values; it was given {keys} and {values}.", nameof(keys));
        }

        if (keys.Type == DataType.String ? keys.Strings.Distinct(StringComparer.Ordinal).Count() != keys.Length : keys.Span<long>().ToArray().Distinct().Count() != keys.Length)
        {
            throw new ArgumentException("The keys of a map must be distinct.", nameof(keys));
        }

        (Keys, Values) = (keys, values);
    }

    private TensorMap(Tensor keys, Tensor values, bool _) => (Keys, Values) = (keys, values);

    /// <summary>The keys [n].</summary>
    public Tensor Keys { get; }

    /// <summary>The values [n].</summary>
    public Tensor Values { get; }

    public int Count => (int)Keys.Length;

    /// <summary>The map as a dictionary.</summary>
    /// <typeparam name="TKey">long or string, as the keys are.</typeparam>
    /// <typeparam name="TValue">float, double, long or string, as the values are.</typeparam>
    /// <exception cref="InvalidOperationException">Keys or values are of another type.</exception>
    public Dictionary<TKey, TValue> ToDictionary<TKey, TValue>() where TKey : notnull
    {
        TKey[] keys = Elements<TKey>(Keys, "keys");
        TValue[] values = Elements<TValue>(Values, "values");
        Dictionary<TKey, TValue> result = [];
        for (int i = 0; i < keys.Length; i++)
        {
            result.Add(keys[i], values[i]);
        }

        return result;
    }

    /// <summary>Key and value as texts, in order.</summary>
    public IEnumerable<(string Key, string Value)> Texts() => Enumerable.Range(0, Count).Select(i => (Text(Keys, i), Text(Values, i)));

    public override string ToString() => $"map<{Keys.Type.Name()},{Values.Type.Name()}>[{Count}]";

    /// <summary>The same keys, which need no further check, with other values.</summary>
    internal TensorMap With(Tensor values) => new(Keys, values, true);

    /// <summary>This map, its tensors replaced by what <paramref name="detach"/> makes of them: as many elements of the same types.</summary>
    public TensorMap Detached(Func<Tensor, Tensor> detach) => new(detach(Keys), detach(Values), true);

    private static T[] Elements<T>(Tensor tensor, string what)
    {
        if (tensor.Type == DataType.String)
        {
            return tensor.Strings as T[] ?? throw Other();
        }

        T[]? elements = tensor.Type switch
        {
            DataType.Int64 => tensor.Span<long>().ToArray() as T[],
            DataType.Float32 => tensor.Span<float>().ToArray() as T[],
            DataType.Float64 => tensor.Span<double>().ToArray() as T[],
            _ => null,
        };
        return elements ?? throw Other();

        InvalidOperationException Other() => new($"The {what} of this map are {tensor.Type.Name()}, not {typeof(T).Name}.");
    }

    private static string Text(Tensor tensor, int i) => tensor.Type switch
    {
        DataType.String => $"\"{tensor.Strings[i]}\"",
        DataType.Int64 => tensor.Span<long>()[i].ToString(CultureInfo.InvariantCulture),
        DataType.Float32 => tensor.Span<float>()[i].ToString("G6", CultureInfo.InvariantCulture),
        DataType.Float64 => tensor.Span<double>()[i].ToString("G6", CultureInfo.InvariantCulture),
        _ => "?",
    };
}
