namespace Peregrine.Operators;

/// <summary>A matrix somewhere in memory: element (row, column) stands at <c>row · rowStride + column · columnStride</c>. A stride of 0 repeats a row or a column.</summary>
internal readonly ref struct MatrixView<T>(ReadOnlySpan<T> elements, int rowStride, int columnStride)
    where T : unmanaged
{
    public readonly ReadOnlySpan<T> Elements = elements;
    public readonly int RowStride = rowStride;
    public readonly int ColumnStride = columnStride;

    public static MatrixView<T> RowMajor(ReadOnlySpan<T> elements, int columns) => new(elements, columns, 1);

    /// <summary>The transpose of a row-major matrix that has <paramref name="columns"/> columns in memory.</summary>
    public static MatrixView<T> Transposed(ReadOnlySpan<T> elements, int columns) => new(elements, 1, columns);

    public bool IsEmpty => Elements.IsEmpty;

    public T this[int row, int column] => Elements[(row * RowStride) + (column * ColumnStride)];
}
