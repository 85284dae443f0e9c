using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Attention over Q, K and V that are projected already, but for the bias. Keys and values may come as [batch, length, features], as [batch, heads, length, size] (those of an
/// encoder), or packed with the query as [batch, length, heads, 3, size] or with each other as [batch, length, heads, 2, size].
/// </summary>
internal static class MultiHeadAttentionImport
{
    private const int KeyInput = 1, ValueInput = 2, Bias = 3, Mask = 4, ScoreBias = 5, PastKey = 6, PastValue = 7;

    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("MultiHeadAttention", Import)
        .Inputs("query", "key?", "value?", "bias?", "key_padding_mask?", "attention_bias?", "past_key?", "past_value?", "past_sequence_length?", "cache_indirection?")
        .Outputs("output", "present_key?", "present_value?", "qk?")
        .Int("num_heads").Float("mask_filter_value", -10000).Float("scale", 0).Flag("unidirectional")
        .Refuse("past_sequence_length", "cache_indirection");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        long heads = n.Int("num_heads");
        if (!n.RequireRank(0, 3, 5) || (n.Has(KeyInput) && !n.RequireRank(KeyInput, 3, 4, 5)) || Operands(n, heads) is not { } operands)
        {
            return null;
        }

        // Keys per head come with their past; the others are its continuation.
        bool perHead = n.Has(KeyInput) && n.Shape(KeyInput).Rank == 4;
        if (Biased(n, operands, perHead) is not { } biased)
        {
            return null;
        }

        (Value q, Value k, Value v) = biased;
        if (n.Flag("unidirectional") && k.Tensor?.Shape is { IsRanked: true } keyShape && Dim.ProvablyDifferent(n.Shape(0)[1], keyShape[perHead ? 2 : 1]))
        {
            return n.Fail($"unidirectional=1 is not supported for {n.Shape(0)[1]} queries over {keyShape[perHead ? 2 : 1]} keys.", "Give a mask instead.");
        }

        DataType type = n.ElementType(0);
        AttentionMask masks = new(n, type, n.Shape(0)[0], () => AttentionImport.Keys(n, Counting.Extent(n, k, perHead ? 2 : 1), n[PastKey]));
        Value? term = masks.Build(Mask, ScoreBias, n.Float("mask_filter_value"));
        long? packedHeads = perHead ? null : heads;
        float scale = n.Float("scale");
        Attention attention = new(n.Flag("unidirectional"), packedHeads, packedHeads, scale == 0 ? null : scale, ScoresMode: AttentionScores.Biased);
        IReadOnlyList<Value?> results = n.CallWanted(attention, [perHead ? HeadLayouts.Split(n, q, heads) : q, k, v, term, n[PastKey], n[PastValue]], true, n.Wants(1), n.Wants(2), n.Wants(3));
        return [perHead ? HeadLayouts.Join(n, results[0]!) : results[0], results[1], results[2], results[3]];
    }

    /// <summary>Query, key and value, unpacked; null after reporting a form that is not supported.</summary>
    private static (Value Query, Value Key, Value Value)? Operands(ForeignNode n, long heads)
    {
        int queryRank = n.Shape(0).Rank, keyRank = n.Has(KeyInput) ? n.Shape(KeyInput).Rank : 0;
        switch (queryRank, keyRank)
        {
            case (5, 0):
                IReadOnlyList<Value?> three = n.CallMany(new Split(3, 3), 3, n[0]);
                return (Flat(n, three[0]!), Flat(n, three[1]!), Flat(n, three[2]!));
            case (3, 5) when !n.Has(ValueInput):
                IReadOnlyList<Value?> two = n.CallMany(new Split(3, 2), 2, n[KeyInput]);
                return (n[0]!, Flat(n, two[0]!), Flat(n, two[1]!));
            case (3, 3 or 4) when n.Has(ValueInput):
                return n.RequireRank(ValueInput, keyRank) ? (n[0]!, n[KeyInput]!, n[ValueInput]!) : null;
            default:
                n.Fail($"query {n[0]!.Type}, key {(object?)n[KeyInput]?.Type ?? "absent"} and value {(object?)n[ValueInput]?.Type ?? "absent"} do not go together in a form that is supported ({heads} heads).");
                return null;
        }
    }

    /// <summary>[batch, length, heads, 1, size] as [batch, length, features].</summary>
    private static Value Flat(ForeignNode n, Value x) => HeadLayouts.Flatten(n, n.Call(new Squeeze(), x, n.Integers(3)));

    private static (Value Query, Value Key, Value Value)? Biased(ForeignNode n, (Value Query, Value Key, Value Value) operands, bool perHead)
    {
        if (n[Bias] is not { } bias)
        {
            return operands;
        }

        if (perHead || operands.Query.Tensor?.Shape is not { IsRanked: true } q || !q[2].IsConstant || operands.Value.Tensor?.Shape is not { IsRanked: true } v || !v[2].IsConstant)
        {
            n.Fail($"the bias needs query and value [batch,length,features] with a known number of features; they are {operands.Query.Type} and {operands.Value.Type}.", "Give the model's inputs their shapes.");
            return null;
        }

        IReadOnlyList<Value?> parts = n.CallMany(new Split(0), 3, bias, n.Integers(q[2].Constant, q[2].Constant, v[2].Constant));
        return (n.Call(new Add(), operands.Query, parts[0]), n.Call(new Add(), operands.Key, parts[1]), n.Call(new Add(), operands.Value, parts[2]));
    }
}
