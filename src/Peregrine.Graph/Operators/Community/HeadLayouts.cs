using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Attention's two layouts: [batch, length, heads · size] and [batch, heads, length, size].</summary>
internal static class HeadLayouts
{
    private static readonly Ints Swap = Ints.Create([0, 2, 1, 3]);

    /// <summary>[batch, length, heads · size] as [batch, heads, length, size].</summary>
    public static Value Split(ForeignNode n, Value x, long heads) => n.Call(new Transpose(Swap), n.Call(new Reshape(), x, n.Integers(0, 0, heads, Size(x, heads))));

    /// <summary>[batch, heads, length, size] as [batch, length, heads · size].</summary>
    public static Value Join(ForeignNode n, Value x) => Flatten(n, n.Call(new Transpose(Swap), x));

    /// <summary>[batch, length, heads, size] as [batch, length, heads · size].</summary>
    public static Value Flatten(ForeignNode n, Value x) =>
        n.Call(new Reshape(), x, n.Integers(0, 0, x.Tensor?.Shape is { IsRanked: true, Rank: 4 } shape && (shape[2] * shape[3]) is { IsConstant: true, Constant: > 0 } features ? features.Constant : -1));

    // Stated where it is known: -1 alone would leave it unknown, for the batch might be empty.
    private static long Size(Value x, long heads) =>
        x.Tensor?.Shape is { IsRanked: true, Rank: 3 } shape && shape[2].IsConstant && heads > 0 && shape[2].Constant > 0 && shape[2].Constant % heads == 0 ? shape[2].Constant / heads : -1;
}
