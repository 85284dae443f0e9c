using System.Collections;
using System.Runtime.CompilerServices;

namespace Peregrine.Tensors;

/// <summary>An immutable list of strings with value equality. Records compare arrays by reference; this is what they hold instead.</summary>
[CollectionBuilder(typeof(Texts), nameof(Create))]
public readonly struct Texts : IEquatable<Texts>, IReadOnlyList<string>
{
    private readonly string[]? _items;

    private Texts(string[] items) => _items = items;

    public static Texts Empty => default;

    public int Count => _items?.Length ?? 0;

    public string this[int index] => (_items ?? throw new ArgumentOutOfRangeException(nameof(index)))[index];

    public static Texts Create(ReadOnlySpan<string> items) => items.IsEmpty ? default : new(items.ToArray());

    public static Texts From(IEnumerable<string> items) => new([.. items]);

    public ReadOnlySpan<string> AsSpan() => _items;

    public string[] ToArray() => AsSpan().ToArray();

    public bool Equals(Texts other) => AsSpan().SequenceEqual(other.AsSpan());

    public override bool Equals(object? obj) => obj is Texts other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (string item in AsSpan())
        {
            hash.Add(item, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Texts left, Texts right) => left.Equals(right);

    public static bool operator !=(Texts left, Texts right) => !left.Equals(right);

    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(',', this)}]";
}
