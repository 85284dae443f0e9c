using System.Globalization;
using System.Text;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Attributes by name, in ordinal order, outside of any operator: what a file says. A value is a <see cref="long"/>, <see cref="float"/>, <see cref="string"/>,
/// <see cref="Ints"/>, <see cref="Floats"/>, <see cref="Texts"/>, <see cref="Tensor"/>, <see cref="Graph"/> or <see cref="IrType"/>.
/// </summary>
public sealed class AttributeBag
{
    private readonly SortedDictionary<string, object> _values = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _values.Keys;

    public int Count => _values.Count;

    public object? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set
        {
            if (value is null)
            {
                _values.Remove(name);
            }
            else
            {
                _values[name] = value;
            }
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public long Int(string name, long missing) => _values.GetValueOrDefault(name) is long value ? value : missing;

    public float Float(string name, float missing) => _values.GetValueOrDefault(name) is float value ? value : missing;

    public string Text(string name, string missing) => _values.GetValueOrDefault(name) is string value ? value : missing;

    public Ints? Ints(string name) => _values.GetValueOrDefault(name) is Ints value ? value : null;

    public AttributeBag Clone()
    {
        AttributeBag copy = new();
        foreach ((string name, object value) in _values)
        {
            copy[name] = value;
        }

        return copy;
    }

    /// <summary><c>{axis=1, mode="linear"}</c>; empty for no attributes. Tensors and graphs print as a summary.</summary>
    public override string ToString() => Count == 0 ? "" : $"{{{string.Join(", ", _values.Select(p => $"{p.Key}={Print(p.Value)}"))}}}";

    private static string Print(object value) => value switch
    {
        float f => PrintFloat(f),
        long i => i.ToString(CultureInfo.InvariantCulture),
        string s => Quote(s),
        Floats floats => $"[{string.Join(',', floats.Select(PrintFloat))}]",
        Texts texts => $"[{string.Join(',', texts.Select(Quote))}]",
        _ => value.ToString()!,
    };

    /// <summary>A float that cannot be taken for an integer: <c>1.0</c>, <c>1.5e-05</c>, <c>inf</c>, <c>nan</c>.</summary>
    internal static string PrintFloat(float value)
    {
        if (float.IsNaN(value))
        {
            return "nan";
        }

        if (float.IsInfinity(value))
        {
            return value > 0 ? "inf" : "-inf";
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }

    /// <summary>The text in double quotes; quotes, backslashes and control characters escaped as in C.</summary>
    internal static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
