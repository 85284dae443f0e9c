using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Gathers one scan output over the iterations; every item is copied once, when their number is known.</summary>
internal sealed class ScanCollector(EvaluationScope c, int output, IrType itemType)
{
    private readonly List<Tensor> _items = [];

    public void Add(object? value)
    {
        Tensor item = value as Tensor ?? throw c.Fail("PG2152", $"scan output {output} is not a tensor.");
        if (_items.Count > 0 && (item.Type != _items[0].Type || !item.Dims.SequenceEqual(_items[0].Dims)))
        {
            throw c.Fail("PG2153", $"scan output {output} is {item} in iteration {_items.Count}, but was {_items[0]} before; all iterations must give one shape.");
        }

        _items.Add(item);
    }

    /// <summary>The stacked tensor. Without any iteration its item shape is the inferred one, with 0 where that is unknown.</summary>
    public void Finish(long axis = 0, bool prepend = false)
    {
        (DataType type, long[] item) = _items.Count > 0 ? (_items[0].Type, _items[0].Dims.ToArray())
            : itemType is TensorType t ? (t.ElementType, t.Shape.IsRanked ? [.. t.Shape.Select(d => d.IsConstant ? d.Constant : 0)] : [])
            : throw c.Fail("PG2152", $"scan output {output} is {itemType}, not a tensor.");
        int at = c.Axis(axis, item.Length + 1);
        Tensor target = c.Output(output, type, [.. item[..at], _items.Count, .. item[at..]]);
        long[] from = new long[item.Length], whole = new long[item.Length + 1];
        StridedCopy.RowMajor(item, from);
        StridedCopy.RowMajor(target.Dims, whole);
        long[] to = [.. whole[..at], .. whole[(at + 1)..]];
        for (int i = 0; i < _items.Count; i++)
        {
            StridedCopy.Copy(_items[i], 0, from, target, (prepend ? _items.Count - 1 - i : i) * whole[at], to, item);
        }
    }
}
