using System.Globalization;
using System.Text;
using Peregrine.Diagnostics;

namespace Peregrine.Text;

/// <summary>Characters of a text form with their place; every complaint is a <see cref="ModelException"/> that names line and column.</summary>
internal sealed class TextScanner(string text)
{
    private int _position;

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return _position >= text.Length;
        }
    }

    /// <summary>The next character behind white space, or NUL at the end.</summary>
    public char Peek()
    {
        SkipSpace();
        return _position < text.Length ? text[_position] : '\0';
    }

    /// <summary>The next character without skipping anything.</summary>
    public char PeekRaw() => _position < text.Length ? text[_position] : '\0';

    public bool Take(char c)
    {
        if (Peek() != c || AtEnd)
        {
            return false;
        }

        _position++;
        return true;
    }

    /// <summary>Takes the character only if it stands right here, without anything between.</summary>
    public bool TakeRaw(char c)
    {
        if (PeekRaw() != c)
        {
            return false;
        }

        _position++;
        return true;
    }

    /// <summary>A symbol in single quotes, quotes included.</summary>
    public string Symbol()
    {
        Expect('\'');
        int start = _position - 1;
        while (_position < text.Length && text[_position] != '\'')
        {
            _position += text[_position] == '\\' ? 2 : 1;
        }

        _position = Math.Min(_position, text.Length);
        Expect('\'');
        return text[start.._position];
    }

    public void Expect(char c)
    {
        if (!Take(c))
        {
            throw Error($"'{c}' is expected here");
        }
    }

    /// <summary>Takes a whole word if it stands here.</summary>
    public bool TakeWord(string word)
    {
        SkipSpace();
        int end = _position + word.Length;
        if (!text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal) || (end < text.Length && IsWord(text[end])))
        {
            return false;
        }

        _position = end;
        return true;
    }

    /// <summary>Letters, digits, '_' and '.'.</summary>
    public string Word(string what)
    {
        SkipSpace();
        int start = _position;
        while (_position < text.Length && IsWord(text[_position]))
        {
            _position++;
        }

        return start < _position ? text[start.._position] : throw Error($"{what} is expected here");
    }

    /// <summary>A value's name behind its '%'.</summary>
    public string Name()
    {
        Expect('%');
        if (PeekRaw() == '"')
        {
            return Quoted("a name");
        }

        int start = _position;
        while (_position < text.Length && GraphPrinter.IsPlain(text[_position]) && !text.AsSpan(_position).StartsWith("//", StringComparison.Ordinal))
        {
            _position++;
        }

        return start < _position ? text[start.._position] : throw Error("a name is expected behind '%'");
    }

    /// <summary>A text in double quotes, with the escapes that the printer writes.</summary>
    public string Quoted(string what)
    {
        if (!Take('"'))
        {
            throw Error($"{what} in double quotes is expected here");
        }

        StringBuilder result = new();
        while (_position < text.Length && text[_position] != '"')
        {
            char c = text[_position++];
            if (c == '\\' && _position < text.Length)
            {
                c = text[_position++];
                if (c == 'u')
                {
                    c = _position + 4 <= text.Length && ushort.TryParse(text.AsSpan(_position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)
                        ? (char)code
                        : throw Error("\\u needs four hexadecimal digits");
                    _position += 4;
                }
                else
                {
                    c = c switch { 'n' => '\n', 'r' => '\r', 't' => '\t', _ => c };
                }
            }

            result.Append(c);
        }

        Expect('"');
        return result.ToString();
    }

    /// <summary>A number as it is written: sign, digits, fraction, exponent, <c>nan</c>, <c>inf</c>.</summary>
    public string Number()
    {
        SkipSpace();
        int start = _position;
        while (_position < text.Length && (IsWord(text[_position]) || text[_position] is '-' or '+'))
        {
            _position++;
        }

        return start < _position ? text[start.._position] : throw Error("a number is expected here");
    }

    /// <summary>Everything up to the ',' or ']' (or '{') that ends one dimension; brackets of functions and quoted symbols are passed over.</summary>
    public string Dimension()
    {
        SkipSpace();
        int start = _position, depth = 0;
        bool quoted = false;
        for (; _position < text.Length; _position++)
        {
            char c = text[_position];
            if (quoted)
            {
                _position += c == '\\' ? 1 : 0;
                quoted = c != '\'';
            }
            else if (c == '\'')
            {
                quoted = true;
            }
            else if (c is '(' or ')')
            {
                depth += c == '(' ? 1 : -1;
            }
            else if (depth == 0 && c is ',' or ']' or '{')
            {
                break;
            }
        }

        _position = Math.Min(_position, text.Length);
        return text[start.._position];
    }

    /// <summary>The names behind <c>// from</c> if that comment stands on this line; else nothing.</summary>
    public IReadOnlyList<string> TakeSources()
    {
        const string Introduction = "// from \"";
        while (PeekRaw() is ' ' or '\t')
        {
            _position++;
        }

        if (!text.AsSpan(_position).StartsWith(Introduction, StringComparison.Ordinal))
        {
            return [];
        }

        _position += Introduction.Length - 1;
        List<string> names = [];
        do
        {
            names.Add(Quoted("a source"));
        }
        while (TakeRaw(','));
        return names;
    }

    public ModelException Error(string message) => Error("PG1201", message);

    public ModelException Error(string code, string message)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, Math.Min(_position, text.Length));
        int line = before.Count('\n') + 1, column = before.Length - before.LastIndexOf('\n');
        return new(Diagnostic.Error(code, $"Line {line}, column {column}: {message}."));
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.';

    private void SkipSpace()
    {
        while (_position < text.Length)
        {
            if (char.IsWhiteSpace(text[_position]))
            {
                _position++;
            }
            else if (text.AsSpan(_position).StartsWith("//", StringComparison.Ordinal))
            {
                int end = text.IndexOf('\n', _position);
                _position = end < 0 ? text.Length : end;
            }
            else
            {
                break;
            }
        }
    }
}
