namespace Peregrine.Operators;

/// <summary>A dense tensor seen as [Outer, Extent, Inner] around one axis: element (o, i, n) lies at (o · Extent + i) · Inner + n.</summary>
internal readonly record struct AxisSplit(long Outer, long Extent, long Inner)
{
    /// <param name="axis">In [0, rank).</param>
    public static AxisSplit At(ReadOnlySpan<long> dims, int axis) => new(Product(dims[..axis]), dims[axis], Product(dims[(axis + 1)..]));

    /// <summary>[Product of the dimensions before the axis, product of the others, 1]; the axis may be the rank.</summary>
    public static AxisSplit From(ReadOnlySpan<long> dims, int axis) => new(Product(dims[..axis]), Product(dims[axis..]), 1);

    /// <summary>Where the slice along the axis starts that belongs to (outer, inner).</summary>
    public int Start(long outer, long inner) => (int)((outer * Extent * Inner) + inner);

    public static long Product(ReadOnlySpan<long> dims)
    {
        long product = 1;
        foreach (long dim in dims)
        {
            product *= dim;
        }

        return product;
    }
}
