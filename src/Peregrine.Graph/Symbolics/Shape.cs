using System.Collections;
using System.Runtime.CompilerServices;

namespace Peregrine.Symbolics;

/// <summary>The dimensions of a tensor, outermost first; or <see cref="Unranked"/>, where not even their number is known. Immutable, with value equality.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public sealed class Shape : IEquatable<Shape>, IReadOnlyList<Dim>
{
    private readonly Dim[]? _dims;

    private Shape(Dim[]? dims) => _dims = dims;

    /// <summary>The shape of rank 0.</summary>
    public static Shape Scalar { get; } = new([]);

    public static Shape Unranked { get; } = new(null);

    public bool IsRanked => _dims is not null;

    public int Rank => Known.Length;

    /// <summary>The same as <see cref="Rank"/>: a shape is a list of its dimensions.</summary>
    public int Count => Rank;

    public Dim this[int index] => Known[index];

    /// <summary>Whether the rank and every dimension are known now.</summary>
    public bool IsStatic => _dims is not null && Array.TrueForAll(_dims, d => d.IsConstant);

    /// <summary>The product of all dimensions; 1 for a scalar.</summary>
    public Dim ElementCount => Known.Aggregate(Dim.One, (product, dim) => product * dim);

    private Dim[] Known => _dims ?? throw new InvalidOperationException("The shape has no known rank.");

    public static Shape Create(ReadOnlySpan<Dim> dims) => new(dims.ToArray());

    public static Shape Of(params ReadOnlySpan<long> dims)
    {
        Dim[] items = new Dim[dims.Length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = dims[i];
        }

        return new(items);
    }

    public static Shape From(IEnumerable<Dim> dims) => new([.. dims]);

    public ReadOnlySpan<Dim> AsSpan() => Known;

    /// <summary>The dimensions of a static shape as numbers.</summary>
    public long[] ToStatic() => Array.ConvertAll(Known, d => d.Constant);

    /// <summary>This shape with one dimension replaced.</summary>
    public Shape With(int axis, Dim dim)
    {
        Dim[] dims = [.. Known];
        dims[axis] = dim;
        return new(dims);
    }

    public Shape Substitute(Func<string, Dim?> replacement) => _dims is null ? this : new(Array.ConvertAll(_dims, d => d.Substitute(replacement)));

    public bool Equals(Shape? other) => other is not null && (_dims is null ? other._dims is null : other._dims is not null && _dims.AsSpan().SequenceEqual(other._dims));

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Dim dim in _dims ?? [])
        {
            hash.Add(dim);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<Dim> GetEnumerator() => ((IEnumerable<Dim>)Known).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary><c>[N,64,56,56]</c>; <c>[*]</c> without a rank.</summary>
    public override string ToString() => _dims is null ? "[*]" : $"[{string.Join(',', _dims)}]";
}
