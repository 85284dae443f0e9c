using System.Collections;
using System.Runtime.CompilerServices;

namespace Peregrine.Tensors;

/// <summary>An immutable list of integers with value equality: attributes such as strides, pads, axes. Records compare arrays by reference; this is what they hold instead.</summary>
[CollectionBuilder(typeof(Ints), nameof(Create))]
public readonly struct Ints : IEquatable<Ints>, IReadOnlyList<long>
{
    private readonly long[]? _items;

    private Ints(long[] items) => _items = items;

    public static Ints Empty => default;

    public int Count => _items?.Length ?? 0;

    public long this[int index] => (_items ?? throw new ArgumentOutOfRangeException(nameof(index)))[index];

    public static Ints Create(ReadOnlySpan<long> items) => items.IsEmpty ? default : new(items.ToArray());

    public static Ints From(IEnumerable<long> items) => new([.. items]);

    /// <summary><paramref name="count"/> times the same <paramref name="value"/>.</summary>
    public static Ints Repeat(long value, int count)
    {
        long[] items = new long[count];
        items.AsSpan().Fill(value);
        return new(items);
    }

    public ReadOnlySpan<long> AsSpan() => _items;

    public long[] ToArray() => AsSpan().ToArray();

    public bool Equals(Ints other) => AsSpan().SequenceEqual(other.AsSpan());

    public override bool Equals(object? obj) => obj is Ints other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (long item in AsSpan())
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Ints left, Ints right) => left.Equals(right);

    public static bool operator !=(Ints left, Ints right) => !left.Equals(right);

    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(',', this)}]";
}
