using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Self-attention with its projections: Q, K and V are parts of input·weights + bias; past and present hold keys and values one after the other.</summary>
internal static class AttentionImport
{
    private const int Mask = 3, Past = 4, Bias = 5;

    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("Attention", Import)
        .Inputs("input", "weights", "bias?", "mask_index?", "past?", "attention_bias?", "past_sequence_length?").Outputs("output", "present?")
        .Int("num_heads").Flag("unidirectional").OptionalInts("qkv_hidden_sizes").Float("mask_filter_value", -10000).Float("scale", 0)
        .Only("do_rotary", 0L).Only("past_present_share_buffer", 0L).Ignore("rotary_embedding_dim").Refuse("past_sequence_length");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (!n.RequireRank(0, 3) || n.RequireExtent(1, 1) is not { } total)
        {
            return null;
        }

        Value projected = n.Call(new MatMul(), n[0], n[1]);
        projected = n.Has(2) ? n.Call(new Add(), projected, n[2]) : projected;
        Ints sizes = n.OptionalInts("qkv_hidden_sizes") ?? default;
        if (sizes.Count == 0)
        {
            sizes = Ints.Create([total / 3, total / 3, total / 3]);
        }

        if (sizes.Count != 3 || sizes.Any(s => s < 1 || s > total) || sizes.Sum() != total || sizes[0] != sizes[1])
        {
            return n.Fail($"qkv_hidden_sizes={sizes} does not cut the {total} columns of the weights into Q, K (of one size) and V.");
        }

        return Attend(n, projected, sizes, Mask, Past, Bias);
    }

    /// <summary>Attention over the three parts of <paramref name="projected"/> [batch, length, Q + K + V]; the numbers are those of the inputs mask, past and bias.</summary>
    public static IReadOnlyList<Value?>? Attend(ForeignNode n, Value projected, Ints sizes, int mask, int past, int bias)
    {
        IReadOnlyList<Value?> parts = n.CallMany(new Split(-1), 3, projected, n.Integers(sizes.AsSpan()));
        Value? pastKey = null, pastValue = null;
        if (n[past] is { } state)
        {
            IReadOnlyList<Value?> halves = n.CallMany(new Split(0), 2, state, n.Integers(1, 1));
            pastKey = n.Call(new Squeeze(), halves[0], n.Integers(0));
            pastValue = n.Call(new Squeeze(), halves[1], n.Integers(0));
        }

        DataType type = projected.Tensor?.ElementType ?? DataType.Float32;
        AttentionMask masks = new(n, type, n.Shape(0)[0], () => Keys(n, Counting.Extent(n, n[0]!, 1), pastKey));
        Value? term = masks.Build(mask, bias, n.Float("mask_filter_value"));
        float scale = n.Float("scale");
        Operator attention = new Attention(n.Flag("unidirectional"), n.Int("num_heads"), n.Int("num_heads"), scale == 0 ? null : scale);
        IReadOnlyList<Value?> results = n.CallWanted(attention, [parts[0], parts[1], parts[2], term, pastKey, pastValue], true, n.Wants(1), n.Wants(1));
        return n.Wants(1)
            ? [results[0], n.Call(new Concat(0), Counting.Unsqueeze(n, results[1]!, 0), Counting.Unsqueeze(n, results[2]!, 0))]
            : [results[0]];
    }

    /// <summary>The number of keys, past ones (axis 2) included, as a vector of one element.</summary>
    public static Value Keys(ForeignNode n, Value own, Value? pastKey) => pastKey is null ? own : n.Call(new Add(), own, Counting.Extent(n, pastKey, 2));
}
