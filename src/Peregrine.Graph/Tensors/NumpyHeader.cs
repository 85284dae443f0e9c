using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Peregrine.Tensors;

/// <summary>The dictionary at the start of a <c>.npy</c> file.</summary>
internal sealed record NumpyHeader(string Description, bool IsFortranOrder, Ints Dims)
{
    private const int Alignment = 64, MaxRank = 64;

    /// <summary>Reads the Python literal; null if it is not as the format has it.</summary>
    public static NumpyHeader? Parse(string text)
    {
        Cursor cursor = new(text);
        string? description = null;
        bool? fortran = null;
        List<long>? dims = null;
        if (!cursor.Take('{'))
        {
            return null;
        }

        while (!cursor.Take('}'))
        {
            bool understood = cursor.Quoted() switch
            {
                "descr" when cursor.Take(':') => (description = cursor.Quoted()) is not null,
                "fortran_order" when cursor.Take(':') => (fortran = cursor.Boolean()) is not null,
                "shape" when cursor.Take(':') => (dims = cursor.Tuple(MaxRank)) is not null,
                _ => false,
            };
            if (!understood || (!cursor.Take(',') && !cursor.Peek('}')))
            {
                return null;
            }
        }

        return cursor.AtEnd && description is not null && fortran is { } isFortran && dims is not null ? new(description, isFortran, Ints.From(dims)) : null;
    }

    /// <summary>Magic, version, length and dictionary, padded so that the data are aligned to 64 bytes.</summary>
    public static byte[] ToBytes(string description, Ints dims)
    {
        string shape = dims.Count == 1 ? $"({dims[0]},)" : $"({string.Join(", ", dims)})";
        string text = $"{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}";
        int fixedBytes = 10;
        int total = (fixedBytes + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[total];
        bytes.AsSpan().Fill((byte)' ');
        ReadOnlySpan<byte> start = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];
        start.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), checked((ushort)(total - fixedBytes)));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(fixedBytes));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    /// <summary>Walks over the literal; white space is passed over before each part.</summary>
    private sealed class Cursor(string text)
    {
        private int _position;

        public bool AtEnd
        {
            get
            {
                SkipSpace();
                return _position == text.Length;
            }
        }

        public bool Peek(char symbol)
        {
            SkipSpace();
            return _position < text.Length && text[_position] == symbol;
        }

        public bool Take(char symbol)
        {
            bool found = Peek(symbol);
            _position += found ? 1 : 0;
            return found;
        }

        /// <summary>A string in single or double quotes without escapes; null if there is none.</summary>
        public string? Quoted()
        {
            char quote = Peek('\'') ? '\'' : '"';
            if (!Take(quote))
            {
                return null;
            }

            int end = text.IndexOf(quote, _position);
            if (end < 0)
            {
                return null;
            }

            string inner = text[_position..end];
            _position = end + 1;
            return inner.Contains('\\', StringComparison.Ordinal) ? null : inner;
        }

        public bool? Boolean() => Word("True") ? true : Word("False") ? false : null;

        /// <summary>A tuple of non-negative integers; null if there is none.</summary>
        public List<long>? Tuple(int maxCount)
        {
            List<long> items = [];
            if (!Take('('))
            {
                return null;
            }

            while (!Take(')'))
            {
                SkipSpace();
                int start = _position;
                while (_position < text.Length && char.IsAsciiDigit(text[_position]))
                {
                    _position++;
                }

                if (items.Count == maxCount || !long.TryParse(text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long item))
                {
                    return null;
                }

                items.Add(item);
                // Python 2 wrote long integers as 3L.
                Take('L');
                if (!Take(',') && !Peek(')'))
                {
                    return null;
                }
            }

            return items;
        }

        private bool Word(string word)
        {
            SkipSpace();
            bool found = string.CompareOrdinal(text, _position, word, 0, word.Length) == 0;
            _position += found ? word.Length : 0;
            return found;
        }

        private void SkipSpace()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position]))
            {
                _position++;
            }
        }
    }
}
