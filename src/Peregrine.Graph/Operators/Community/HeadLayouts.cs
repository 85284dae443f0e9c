using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Attention's two layouts: [batch, length, heads · size] and [batch, heads, length, size].</summary>
internal static class HeadLayouts
{
    private static readonly Ints Swap = Ints.Create([0, 2, 1, 3]);

    /// <summary>[batch, length, heads · size] as [batch, heads, length, size].</summary>
    public static Value Split(ForeignNode n, Value x, long heads) => n.Call(new Transpose(Swap), n.Call(new Reshape(), x, n.Integers(0, 0, heads, -1)));

    /// <summary>[batch, heads, length, size] as [batch, length, heads · size].</summary>
    public static Value Join(ForeignNode n, Value x) => n.Call(new Reshape(), n.Call(new Transpose(Swap), x), n.Integers(0, 0, -1));
}
