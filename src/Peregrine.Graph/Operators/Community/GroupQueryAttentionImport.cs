using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Causal attention of decoders with fewer heads of keys than of queries, rotary embedding and a cache: batch entry b has seqlens_k[b] + 1 keys altogether, of which the last are
/// new (in the first step, where the longest entry has as many keys as there are queries, all are). New keys and values go into the cache at their positions; where
/// total_sequence_length exceeds the cache's length, the cache grows to it.
/// </summary>
internal static class GroupQueryAttentionImport
{
    private const int KeyInput = 1, ValueInput = 2, PastKey = 3, PastValue = 4, LastKeys = 5, Total = 6, Cosines = 7, Sines = 8, Positions = 9, ScoreBias = 10, HeadSink = 11;

    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GroupQueryAttention", Import)
        .Inputs("query", "key?", "value?", "past_key?", "past_value?", "seqlens_k", "total_sequence_length", "cos_cache?", "sin_cache?", "position_ids?", "attention_bias?", "head_sink?", "k_scale?", "v_scale?", "q_norm_weight?", "k_norm_weight?")
        .Outputs("output", "present_key?", "present_value?", "output_qk?")
        .Int("num_heads").Int("kv_num_heads").Float("scale", 0).Float("softcap", 0).Int("local_window_size", -1)
        .Flag("do_rotary").Flag("rotary_interleaved").Flag("smooth_softmax").Flag("causal", true)
        .Only("qk_output", 0L).Only("k_quant_type", "NONE").Only("v_quant_type", "NONE").Only("sliding_window_cache", 0L).Ignore("kv_cache_bit_width", "qk_norm_epsilon")
        .Refuse("output_qk", "k_scale", "v_scale", "q_norm_weight", "k_norm_weight");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (Check(n) || Heads(n) is not { } heads)
        {
            return null;
        }

        Step step = Step.Of(n);
        (Value query, Value key, Value value) = heads;
        if (n.Flag("do_rotary"))
        {
            Value positions = n[Positions] ?? n.Call(new Add(), Counting.Unsqueeze(n, step.Start, 1), Counting.UpTo(n, step.Queries));
            (query, key) = (Rotate(n, query, positions), Rotate(n, key, positions));
        }

        Value? valid = null;
        if (n.Has(PastKey))
        {
            valid = n.Call(new Add(), step.Start, step.Queries);
            (key, value) = (step.Write(n[PastKey]!, key), step.Write(n[PastValue]!, value));
        }

        float scale = n.Float("scale");
        long window = n.Int("local_window_size");
        Attention attention = new(n.Flag("causal"), Scale: scale == 0 ? null : scale, SoftCap: n.Float("softcap"), ScoresMode: AttentionScores.Biased, LeftWindow: window > 0 ? window - 1 : -1);
        bool sink = n.Has(HeadSink) || n.Flag("smooth_softmax");
        IReadOnlyList<Value?> results = n.CallWanted(attention, [query, key, value, n[ScoreBias], null, null, valid], true, false, false, sink);
        Value output = sink ? Share(n, results[0]!, results[3]!) : results[0]!;
        return [HeadLayouts.Join(n, output), key, value];
    }

    /// <summary>Reports what does not fit; whether there is something.</summary>
    private static bool Check(ForeignNode n)
    {
        long heads = n.Int("num_heads"), keyHeads = n.Int("kv_num_heads"), window = n.Int("local_window_size");
        string? problem =
            keyHeads < 1 || heads < 1 || heads % keyHeads != 0 ? $"num_heads={heads} is no multiple of kv_num_heads={keyHeads}."
            : window < -1 || window == 0 ? $"local_window_size={window} must be -1 or at least 1."
            : n.Has(KeyInput) != n.Has(ValueInput) ? "key and value go together; only one of them is given."
            : n.Has(PastKey) != n.Has(PastValue) ? "past_key and past_value go together; only one of them is given."
            : n.Flag("do_rotary") && (!n.Has(Cosines) || !n.Has(Sines)) ? "do_rotary=1 needs cos_cache and sin_cache."
            : null;
        if (problem is not null)
        {
            n.Fail(problem);
        }

        return problem is not null || !n.RequireRank(0, 3) || (n.Has(PastKey) && (!n.RequireRank(PastKey, 4) || !n.RequireRank(PastValue, 4)));
    }

    /// <summary>Query, key and value as [batch, heads, length, size]; null after reporting packed ones of unknown size.</summary>
    private static (Value Query, Value Key, Value Value)? Heads(ForeignNode n)
    {
        long heads = n.Int("num_heads"), keyHeads = n.Int("kv_num_heads");
        if (n.Has(KeyInput))
        {
            return (HeadLayouts.Split(n, n[0]!, heads), HeadLayouts.Split(n, n[KeyInput]!, keyHeads), HeadLayouts.Split(n, n[ValueInput]!, keyHeads));
        }

        if (n.RequireExtent(0, 2) is not { } features)
        {
            return null;
        }

        if ((Int128)features % ((Int128)heads + (2 * (Int128)keyHeads)) != 0)
        {
            n.Fail($"the {features} features of the packed query are no multiple of {heads} + 2 · {keyHeads} heads.");
            return null;
        }

        long size = features / (heads + (2 * keyHeads));
        IReadOnlyList<Value?> parts = n.CallMany(new Split(-1), 3, n[0], n.Integers(heads * size, keyHeads * size, keyHeads * size));
        return (HeadLayouts.Split(n, parts[0]!, heads), HeadLayouts.Split(n, parts[1]!, keyHeads), HeadLayouts.Split(n, parts[2]!, keyHeads));
    }

    private static Value Rotate(ForeignNode n, Value x, Value positions)
    {
        // Fewer features than a head has may turn; the cache's columns tell how many.
        Dim turned = n.Shape(Cosines) is { IsRanked: true, Rank: 2 } cache ? cache[1] * 2 : 0;
        bool isPart = turned.IsConstant && x.Tensor?.Shape is { IsRanked: true } shape && shape[3] != turned;
        return n.Call(new RotaryEmbedding(n.Flag("rotary_interleaved"), null, isPart ? turned.Constant : 0), x, n[Cosines], n[Sines], positions);
    }

    /// <summary>
    /// Attention where the softmax has one more term, the sink, that no value belongs to: with S the sum of exponentials, the output shrinks by S / (S + e^sink), which is
    /// sigmoid(log S - sink).
    /// </summary>
    private static Value Share(ForeignNode n, Value output, Value scores)
    {
        Value logSum = n.Call(new ReduceLogSumExp(), scores, n.Integers(-1));
        Value margin = n[HeadSink] is { } sinks ? n.Call(new Sub(), logSum, n.Call(new Reshape(), sinks, n.Integers(1, -1, 1, 1))) : logSum;
        return n.Call(new Mul(), output, n.Call(new Sigmoid(), margin));
    }

    /// <summary>Where the queries of a step stand.</summary>
    /// <param name="Queries">Their number, as a vector of one element.</param>
    /// <param name="Longest">The keys of the longest batch entry, as a vector of one element.</param>
    /// <param name="Start">The position of the first one for each batch entry.</param>
    private sealed record Step(ForeignNode Node, Value Queries, Value Longest, Value Start)
    {
        public static Step Of(ForeignNode n)
        {
            Value queries = Counting.Extent(n, n[0]!, 1);
            Value longest = n.Call(new Reshape(), Counting.Wide(n, n[Total]!), n.Integers(1));
            Value last = n.Call(new Reshape(), Counting.Wide(n, n[LastKeys]!), n.Integers(-1));
            Value continued = n.Call(new Sub(), n.Call(new Add(), last, n.Number(DataType.Int64, 1)), queries);
            Value start = n.Call(new Where(), n.Call(new Equal(), longest, queries), n.Number(DataType.Int64, 0), continued);
            return new(n, queries, longest, start);
        }

        /// <summary>The cache, as long as the longest entry needs, with the update at its places.</summary>
        public Value Write(Value cache, Value update)
        {
            Value missing = Node.Call(new Max(), Node.Call(new Sub(), Longest, Counting.Extent(Node, cache, 2)), Node.Integers(0));
            Value grown = Node.Call(new Pad(), cache, Node.Call(new Concat(0), Node.Integers(0), missing), null, Node.Integers(2));
            return Node.Call(new TensorScatter(), grown, update, Start);
        }
    }
}
