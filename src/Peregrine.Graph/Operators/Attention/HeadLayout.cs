namespace Peregrine.Operators;

/// <summary>Where the rows of a query, key or value tensor lie: [batch, heads, length, size], or packed as [batch, length, heads · size].</summary>
internal readonly record struct HeadLayout(int Batch, int Heads, int Length, int Size, bool Packed)
{
    /// <param name="dims">Of rank 4, or of rank 3 (packed).</param>
    /// <param name="heads">Number of heads of a packed tensor.</param>
    public static HeadLayout Of(ReadOnlySpan<long> dims, long heads) => dims.Length == 4
        ? new((int)dims[0], (int)dims[1], (int)dims[2], (int)dims[3], false)
        : new((int)dims[0], (int)heads, (int)dims[1], (int)(dims[2] / heads), true);

    /// <summary>Start of the row of one head at one position.</summary>
    public int Row(int batch, int head, int position) =>
        (Packed ? (((batch * Length) + position) * Heads) + head : (((batch * Heads) + head) * Length) + position) * Size;
}
