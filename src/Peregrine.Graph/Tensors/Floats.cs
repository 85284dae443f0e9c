using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Tensors;

/// <summary>An immutable list of floats with value equality (bit by bit, so that NaN equals itself). Records compare arrays by reference; this is what they hold instead.</summary>
[CollectionBuilder(typeof(Floats), nameof(Create))]
public readonly struct Floats : IEquatable<Floats>, IReadOnlyList<float>
{
    private readonly float[]? _items;

    private Floats(float[] items) => _items = items;

    public static Floats Empty => default;

    public int Count => _items?.Length ?? 0;

    public float this[int index] => (_items ?? throw new ArgumentOutOfRangeException(nameof(index)))[index];

    public static Floats Create(ReadOnlySpan<float> items) => items.IsEmpty ? default : new(items.ToArray());

    public static Floats From(IEnumerable<float> items) => new([.. items]);

    public ReadOnlySpan<float> AsSpan() => _items;

    public float[] ToArray() => AsSpan().ToArray();

    public bool Equals(Floats other) => MemoryMarshal.AsBytes(AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan()));

    public override bool Equals(object? obj) => obj is Floats other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (float item in AsSpan())
        {
            hash.Add(BitConverter.SingleToInt32Bits(item));
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Floats left, Floats right) => left.Equals(right);

    public static bool operator !=(Floats left, Floats right) => !left.Equals(right);

    public IEnumerator<float> GetEnumerator() => ((IEnumerable<float>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(',', this.Select(f => f.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}]";
}
