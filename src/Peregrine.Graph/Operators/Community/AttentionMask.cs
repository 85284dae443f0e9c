using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The masks of ONNX Runtime's attention operators as a term that is added to the scores, as ONNX's Attention takes it: 0 for what is visible, a (finite) filter value for what is not.
/// </summary>
/// <param name="node">The attention's node.</param>
/// <param name="type">The element type of the scores.</param>
/// <param name="batch">Number of batch entries.</param>
/// <param name="keys">Makes the number of keys, past ones included, as a vector of one element.</param>
internal sealed class AttentionMask(ForeignNode node, DataType type, Dim batch, Func<Value> keys)
{
    /// <summary>
    /// Mask and bias together; null without both, or after reporting a form that is not supported. The mask is [batch, keys] or [batch, queries, keys] of flags, or a vector: the
    /// number of visible keys of each batch entry, behind which the first visible ones may stand, or (3·batch + 2 numbers) running sums, which say nothing new.
    /// </summary>
    public Value? Build(int mask, int bias, float filter)
    {
        if (!node.Has(mask))
        {
            return node[bias];
        }

        Shape shape = node.Shape(mask);
        Value? term = shape switch
        {
            { IsRanked: true, Rank: 1 } => FromLengths(node[mask]!, shape[0], filter),
            { IsRanked: true, Rank: 2 } => Counting.Unsqueeze(node, FromFlags(node.Call(new Greater(), node[mask], node.Number(node.ElementType(mask), 0)), filter), 1, 2),
            { IsRanked: true, Rank: 3 } => Counting.Unsqueeze(node, FromFlags(node.Call(new Greater(), node[mask], node.Number(node.ElementType(mask), 0)), filter), 1),
            _ => null,
        };
        if (term is null)
        {
            node.Fail($"input {mask} ({node.Schema.InputFormals[mask].Name}) is {node[mask]!.Type}; supported are [batch], [2·batch], [3·batch+2], [batch,keys] and [batch,queries,keys], where batch is {batch}.");
            return null;
        }

        return node.Has(bias) ? node.Call(new Add(), node[bias], term) : term;
    }

    private Value? FromLengths(Value mask, Dim count, float filter)
    {
        bool hasStarts = count == batch * 2 && count != batch;
        if (!hasStarts && count != batch && count != (batch * 3) + 2)
        {
            return null;
        }

        // A vector of batch elements needs no cutting; the batch's extent is what the first input says when the model runs.
        Value size = Counting.Extent(node, node[0]!, 0);
        Value lengths = Counting.Wide(node, mask);
        Value ends = count == batch ? lengths : node.Call(new Slice(), lengths, node.Integers(0), size, node.Integers(0));
        Value positions = Counting.UpTo(node, keys());
        Value visible = node.Call(new Less(), positions, Counting.Unsqueeze(node, ends, 1));
        if (hasStarts)
        {
            Value starts = node.Call(new Slice(), lengths, size, node.Integers(long.MaxValue), node.Integers(0));
            visible = node.Call(new And(), visible, node.Call(new GreaterOrEqual(), positions, Counting.Unsqueeze(node, starts, 1)));
        }

        return Counting.Unsqueeze(node, FromFlags(visible, filter), 1, 2);
    }

    private Value FromFlags(Value visible, float filter) => node.Call(new Where(), visible, node.Number(type, 0), node.Number(type, filter));
}
