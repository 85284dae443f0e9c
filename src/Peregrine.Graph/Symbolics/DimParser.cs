using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Symbolics;

/// <summary>
/// Reads the text of a <see cref="Dim"/>: sums and products of integers, symbols (<c>N</c>, <c>'any text'</c>), <c>floor(a/b)</c>, <c>min(a,b)</c>, <c>max(a,b)</c>,
/// <c>broadcast(a,b)</c> and parentheses. It reads every form that <see cref="Dim.ToString"/> writes. The text may come from a file: its length, depth and number of factors are bounded.
/// </summary>
public ref struct DimParser
{
    private const int MaxLength = 32_768;
    private const int MaxDepth = 64;
    private const int MaxFactors = 2_048;

    private readonly ReadOnlySpan<char> _text;
    private int _position;
    private int _factors;
    private string? _error;

    private DimParser(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The dimension that <paramref name="text"/> describes; a <see cref="ModelException"/> (PG1101) if it describes none.</summary>
    public static Dim Parse(string text) =>
        TryParse(text, out Dim dim, out string? error) ? dim : throw new ModelException(Diagnostic.Error("PG1101", $"\"{Shorten(text)}\" is no dimension: {error}"));

    /// <summary>As <see cref="Parse"/>, with the reason in <paramref name="error"/> instead of an exception.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Dim dim, [NotNullWhen(false)] out string? error)
    {
        dim = default;
        if (text.Length > MaxLength)
        {
            error = $"it is longer than {MaxLength} characters.";
            return false;
        }

        DimParser parser = new(text);
        try
        {
            dim = parser.Sum(0);
            parser.SkipSpace();
            if (parser._position < text.Length)
            {
                parser.Fail($"unexpected '{text[parser._position]}'");
            }
        }
        catch (Exception e) when (e is OverflowException or DivideByZeroException or DimException)
        {
            parser.Fail(e.Message.TrimEnd('.'));
        }

        error = parser._error;
        return error is null;
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private Dim Sum(int depth)
    {
        if (depth > MaxDepth)
        {
            return Fail($"it nests deeper than {MaxDepth}");
        }

        bool negative = Take('-');
        Dim sum = Product(negative, depth);
        while (_error is null)
        {
            if (Take('+'))
            {
                sum += Product(false, depth);
            }
            else if (Take('-'))
            {
                sum += Product(true, depth);
            }
            else
            {
                break;
            }
        }

        return sum;
    }

    /// <summary>The sign belongs to the leading number, so that −2^63 can be read.</summary>
    private Dim Product(bool negative, int depth)
    {
        SkipSpace();
        Dim product;
        if (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
        {
            product = Number(negative);
        }
        else
        {
            product = Factor(depth);
            product = negative ? -product : product;
        }

        while (_error is null && Take('*'))
        {
            product *= Factor(depth);
        }

        return product;
    }

    private Dim Factor(int depth)
    {
        if (++_factors > MaxFactors)
        {
            return Fail($"it has more than {MaxFactors} factors");
        }

        SkipSpace();
        if (_position >= _text.Length)
        {
            return Fail("it ends too early");
        }

        char next = _text[_position];
        if (char.IsAsciiDigit(next))
        {
            return Number(false);
        }

        if (next == '\'')
        {
            return QuotedSymbol();
        }

        if (Take('('))
        {
            Dim inner = Sum(depth + 1);
            Expect(')');
            return inner;
        }

        int start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_' or '.'))
        {
            _position++;
        }

        if (start == _position)
        {
            return Fail($"unexpected '{next}'");
        }

        string name = _text[start.._position].ToString();
        return name is "floor" or "min" or "max" or "broadcast" ? Function(name, depth + 1) : Dim.Symbol(name);
    }

    private Dim Function(string name, int depth)
    {
        Expect('(');
        Dim left = Sum(depth);
        Expect(name == "floor" ? '/' : ',');
        Dim right = Sum(depth);
        Expect(')');
        if (_error is not null)
        {
            return default;
        }

        return name switch
        {
            "floor" => Dim.FloorDiv(left, right),
            "min" => Dim.Min(left, right),
            "max" => Dim.Max(left, right),
            _ => Dim.Broadcast(left, right) ?? Fail($"{left} and {right} cannot be broadcast"),
        };
    }

    private Dim Number(bool negative)
    {
        int start = _position;
        while (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
        {
            _position++;
        }

        if (!Int128.TryParse(_text[start.._position], NumberStyles.None, CultureInfo.InvariantCulture, out Int128 magnitude))
        {
            return Fail("a number does not fit into 64 bits");
        }

        Int128 value = negative ? -magnitude : magnitude;
        return value >= long.MinValue && value <= long.MaxValue ? (Dim)(long)value : Fail("a number does not fit into 64 bits");
    }

    private Dim QuotedSymbol()
    {
        StringBuilder name = new();
        for (_position++; _position < _text.Length; _position++)
        {
            char c = _text[_position];
            if (c == '\'')
            {
                _position++;
                return Dim.Symbol(name.ToString());
            }

            if (c == '\\' && _position + 1 < _text.Length)
            {
                c = _text[++_position];
            }

            name.Append(c);
        }

        return Fail("a quoted name is not closed");
    }

    private bool Take(char c)
    {
        SkipSpace();
        if (_position < _text.Length && _text[_position] == c)
        {
            _position++;
            return true;
        }

        return false;
    }

    private void Expect(char c)
    {
        if (_error is null && !Take(c))
        {
            Fail($"'{c}' is missing");
        }
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
        {
            _position++;
        }
    }

    private Dim Fail(string reason)
    {
        _error ??= $"{reason} at character {_position + 1}.";
        _position = _text.Length;
        return default;
    }
}
