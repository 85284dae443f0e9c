using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Positions and extents as int64 tensors, where a rule needs those of the running model.</summary>
internal static class Counting
{
    /// <summary>The extent of an axis, as a vector of one element.</summary>
    public static Value Extent(ForeignNode n, Value x, long axis) => n.Call(new ShapeOf(axis, axis == -1 ? null : axis + 1), x);

    /// <summary>0, 1, …, end - 1, where <paramref name="end"/> is a vector of one element.</summary>
    public static Value UpTo(ForeignNode n, Value end) =>
        n.Call(new NumberRange(), n.Number(DataType.Int64, 0), n.Call(new Squeeze(), end, n.Integers(0)), n.Number(DataType.Int64, 1));

    /// <summary>The values as int64.</summary>
    public static Value Wide(ForeignNode n, Value x) => x.Tensor?.ElementType == DataType.Int64 ? x : n.Call(new Cast(DataType.Int64), x);

    /// <summary>With dimensions of 1 at <paramref name="axes"/> of the result.</summary>
    public static Value Unsqueeze(ForeignNode n, Value x, params ReadOnlySpan<long> axes) => n.Call(new Unsqueeze(), x, n.Integers(axes));
}
