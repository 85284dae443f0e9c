using Peregrine.Onnx.Tests.Legacy;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Community.CommunityForm;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>Attention in its kinds, and rotary embedding.</summary>
internal static class AttentionForms
{
    private const int Heads = 2, Size = 4, Features = Heads * Size;

    private static readonly DataType[] Two = [DataType.Float32, DataType.Float32], Three = [DataType.Float32, DataType.Float32, DataType.Float32];

    public static IEnumerable<OperatorForm> All => [.. SelfAttention(), .. Quantized(), .. MultiHead(), .. Rotary(), .. Grouped()];

    private static IEnumerable<OperatorForm> SelfAttention()
    {
        Tensor x = Normal(1, 2, 5, 6), w = Normal(2, 6, 3 * Features), b = Normal(3, 3 * Features), past = Normal(4, 2, 2, Heads, 3, Size);
        yield return Form("").Constant(w, b);
        yield return Op("Attention", "no bias, by hand").With("num_heads", 1).Input(OperatorForm.Float([1, 2, 1], 1, 3)).Constant(OperatorForm.Float([1, 3], 0, 1, 2)).OnnxRuntimeDiffers("it ends without a bias").Gives(OperatorForm.Float([1, 2, 1], 4, 4));
        yield return Form("present").Constant(w, b).Outputs(Two);
        yield return Form("unidirectional").With("unidirectional", 1).Constant(w, b);
        yield return Form("scale").With("scale", 0.3f).Constant(w, b);
        yield return Form("sizes").With("qkv_hidden_sizes", new[] { 8, 8, 12 }).Constant(Normal(2, 6, 28), Normal(3, 28));
        yield return Form("mask of keys").Constant(w, b).Input(Integers([2, 5], 1, 1, 1, 0, 0, 0, 1, 1, 1, 1));
        yield return Form("mask of keys, unidirectional").With("unidirectional", 1).Constant(w, b).Input(Integers([2, 5], 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        yield return Form("mask of queries and keys").With("mask_filter_value", -3f).Constant(w, b).Input(Integers([2, 5, 5], [.. Enumerable.Range(0, 50).Select(i => i % 3 == 0 ? 0 : 1)]));
        yield return Form("lengths").Constant(w, b).Input(Integers([2], 3, 5));
        yield return Form("lengths and starts").Constant(w, b).Input(Integers([4], 4, 5, 1, 2));
        yield return Op("Attention", "running sums, by hand").With("num_heads", 1).Input(OperatorForm.Float([1, 2, 1], 1, 3)).Constant(OperatorForm.Float([1, 3], 0, 1, 2), OperatorForm.Float([3], 0, 0, 0)).Input(Integers([5], 1, 0, 2, 0, 2)).Gives(OperatorForm.Float([1, 2, 1], 2, 2));
        yield return Form("past").Constant(w, b).Input(null, past).Outputs(Two);
        yield return Form("past, unidirectional, mask").With("unidirectional", 1).Constant(w, b).Input(Integers([2, 8], 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1), past).Outputs(Two);
        yield return Form("past, lengths").Constant(w, b).Input(Integers([2], 7, 8), past).Outputs(Two);
        yield return Form("bias of scores").Constant(w, b).Input(null, null, Normal(5, 2, Heads, 5, 5));
        yield return Form("shared bias of scores, mask").Constant(w, b).Input(Integers([2, 5], 1, 1, 1, 0, 0, 0, 1, 1, 1, 1), null, Normal(5, 1, Heads, 5, 5));

        OperatorForm Form(string variant) => Op("Attention", variant).With("num_heads", Heads).Input(x);
    }

    private static IEnumerable<OperatorForm> Quantized()
    {
        Tensor x = Bytes(1, 2, 5, 6), w = SignedBytes(2, 6, 3 * Features), b = Normal(3, 3 * Features), s = OperatorForm.Float([], 0.01f), zero = Tensor.Of<byte>([], [120]);
        yield return Op("QAttention").With("num_heads", Heads).Input(x).Constant(w, b, s, s).Input([null]).Constant(zero, Tensor.Of<sbyte>([], [3]));
        yield return Op("QAttention", "lengths").With("num_heads", Heads).Input(x).Constant(w, b, s, s).Input(Integers([2], 3, 5)).Constant(zero);
        yield return Op("QAttention", "per column, unidirectional, past").With("num_heads", Heads).With("unidirectional", 1).Input(x).Constant(w, b, s, Uniform(7, 0.005f, 0.02f, 3 * Features)).Input([null]).Constant(zero, SignedBytes(8, 3 * Features))
            .Input(Normal(4, 2, 2, Heads, 3, Size)).Outputs(Two);
    }

    private static IEnumerable<OperatorForm> MultiHead()
    {
        Tensor q = Normal(1, 2, 5, Features), k = Normal(2, 2, 7, Features), v = Normal(3, 2, 7, 6), own = Normal(4, 2, 5, Features), ownValue = Normal(5, 2, 5, Features);
        Tensor pastKey = Normal(6, 2, Heads, 3, Size), pastValue = Normal(7, 2, Heads, 3, Size);
        yield return Form("").Input(q, k, v);
        yield return Form("scale").With("scale", 0.7f).Input(q, k, v);
        yield return Form("bias").Input(q, k, v).Constant(Normal(8, (2 * Features) + 6));
        yield return Form("unidirectional").With("unidirectional", 1).Input(q, own, ownValue);
        yield return Form("present").Input(q, own, ownValue).Outputs(Three);
        yield return Form("past").Input(q, own, ownValue, null, null, null, pastKey, pastValue).Outputs(Three);
        yield return Form("past, unidirectional, bias").With("unidirectional", 1).Input(q, own, ownValue).Constant(Normal(8, 3 * Features)).Input(null, null, pastKey, pastValue).Outputs(Three);
        yield return Form("one query").With("unidirectional", 1).Input(Normal(1, 2, 1, Features), Normal(2, 2, 1, Features), Normal(3, 2, 1, Features), null, null, null, pastKey, pastValue).Outputs(Three);
        yield return Form("keys per head").Input(q, Normal(2, 2, Heads, 7, Size), Normal(3, 2, Heads, 7, Size));
        yield return Form("keys per head, mask").Input(q, Normal(2, 2, Heads, 7, Size), Normal(3, 2, Heads, 7, Size), null, Integers([2, 7], 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1));
        yield return Form("mask of keys").Input(q, k, v, null, Integers([2, 7], 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1));
        yield return Form("mask of queries and keys").Input(q, k, v, null, Integers([2, 5, 7], [.. Enumerable.Range(0, 70).Select(i => i % 3 == 0 ? 0 : 1)]));
        yield return Form("lengths").With("mask_filter_value", -2f).Input(q, k, v, null, Integers([2], 4, 7));
        yield return Form("mask with past").Input(q, own, ownValue, null, Integers([2, 8], 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1), null, pastKey, pastValue).Outputs(Three);
        yield return Form("bias of scores").Input(q, k, v, null, null, Normal(9, 2, Heads, 5, 7));
        yield return Form("bias of scores for all").Input(q, k, v, null, null, Normal(9, 1, 1, 5, 7));
        yield return Form("scores").Input(q, k, v, null, Integers([2, 7], 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1)).Outputs([DataType.Float32, DataType.Float32, DataType.Float32, DataType.Float32]).Without(1, 2);

        // ONNX Runtime packs only on other devices; the packed forms must give what separate ones give, with one head: softmax over equal scores is a mean.
        yield return Op("MultiHeadAttention", "packed, by hand").With("num_heads", 1).Input(OperatorForm.Float([1, 2, 1, 3, 1], 0, 1, 2, 0, 3, 6)).Gives(OperatorForm.Float([1, 2, 1], 4, 4));
        yield return Op("MultiHeadAttention", "packed keys and values, by hand").With("num_heads", 1).Input(OperatorForm.Float([1, 1, 1], 0), OperatorForm.Float([1, 2, 1, 2, 1], 1, 2, 3, 6)).Gives(OperatorForm.Float([1, 1, 1], 4));

        static OperatorForm Form(string variant) => Op("MultiHeadAttention", variant).With("num_heads", Heads);
    }

    private static IEnumerable<OperatorForm> Rotary()
    {
        Tensor x = Normal(1, 2, 3, 16), x4 = Normal(1, 2, 2, 3, 8), cosines = Angles(false, 10, 4), sines = Angles(true, 10, 4);
        Tensor places = Longs([2, 3], 0, 1, 2, 5, 9, 3), first = Longs([1], 4);
        foreach (int interleaved in new[] { 0, 1 })
        {
            yield return Op("RotaryEmbedding", $"positions {interleaved}").With("interleaved", interleaved).Input(x, places).Constant(cosines, sines);
            yield return Op("RotaryEmbedding", $"first {interleaved}").With("interleaved", interleaved).Input(x, first).Constant(cosines, sines);
            yield return Op("RotaryEmbedding", $"part {interleaved}").With("interleaved", interleaved).With("num_heads", 2).With("rotary_embedding_dim", 4).Input(x, places).Constant(Angles(false, 10, 2), Angles(true, 10, 2));
            yield return Op("RotaryEmbedding", $"heads apart {interleaved}").With("interleaved", interleaved).Input(x4, places).Constant(cosines, sines);
            yield return Op("RotaryEmbedding", $"heads apart, first {interleaved}").With("interleaved", interleaved).Input(x4, first).Constant(cosines, sines);
        }

        yield return Op("RotaryEmbedding", "by hand").Input(OperatorForm.Float([1, 1, 2], 3, 4), Longs([1], 0)).Constant(OperatorForm.Float([1, 1], 0.6f), OperatorForm.Float([1, 1], 0.8f)).Gives(OperatorForm.Float([1, 1, 2], -1.4f, 4.8f));
    }

    private static IEnumerable<OperatorForm> Grouped()
    {
        const int queryHeads = 4, keyHeads = 2, size = 16;
        Tensor cosines = Angles(false, 20, size / 2), sines = Angles(true, 20, size / 2);
        Tensor q = Normal(1, 2, 5, queryHeads * size), k = Normal(2, 2, 5, keyHeads * size), v = Normal(3, 2, 5, keyHeads * size);
        Tensor q1 = Normal(4, 2, 1, queryHeads * size), k1 = Normal(5, 2, 1, keyHeads * size), v1 = Normal(6, 2, 1, keyHeads * size);
        Tensor pastKey = Normal(7, 2, keyHeads, 6, size), pastValue = Normal(8, 2, keyHeads, 6, size), full = Integers([2], 4, 4), five = Integers([], 5), six = Integers([2], 6, 6), seven = Integers([1], 7);
        yield return Form("prompt").Input(q, k, v, null, null, full, five).Outputs(Three);
        yield return Form("prompt, packed").Input(Normal(1, 2, 5, (queryHeads + (2 * keyHeads)) * size), null, null, null, null, full, five).Outputs(Three);
        yield return Form("prompt, rotary").With("do_rotary", 1).Input(q, k, v, null, null, full, five).Constant(cosines, sines).Outputs(Three);
        yield return Form("prompt, rotary interleaved, packed").With("do_rotary", 1).With("rotary_interleaved", 1).Input(Normal(1, 2, 5, (queryHeads + (2 * keyHeads)) * size), null, null, null, null, full, five).Constant(cosines, sines).Outputs(Three);
        yield return Op("GroupQueryAttention", "prompt, part turns").With("num_heads", 2).With("kv_num_heads", 1).With("do_rotary", 1).Input(Normal(1, 2, 5, 64), Normal(2, 2, 5, 32), Normal(3, 2, 5, 32), null, null, full, five)
            .Constant(Angles(false, 20, 8), Angles(true, 20, 8)).Outputs(Three);
        yield return Form("prompt, window").With("local_window_size", 2).Input(q, k, v, null, null, full, five).Outputs(Three);
        yield return Form("prompt, softcap, scale").With("softcap", 3f).With("scale", 0.9f).Input(q, k, v, null, null, full, five).Outputs(Three);
        yield return Form("prompt, smooth").With("smooth_softmax", 1).Input(q, k, v, null, null, full, five).Outputs(Three);
        yield return Form("prompt, sink").Input(q, k, v, null, null, full, five, null, null, null, null, OperatorForm.Float([4], 0.5f, -1, 2, 0)).Outputs(Three);
        yield return Form("prompt, bias").Input(q, k, v, null, null, full, five, null, null, null, Normal(9, 2, queryHeads, 5, 5)).Outputs(Three);
        yield return Form("prompt, empty past").Input(q, k, v, Normal(7, 2, keyHeads, 0, size), Normal(8, 2, keyHeads, 0, size), full, five).Outputs(Three);
        yield return Form("prompt into a buffer").With("do_rotary", 1).Input(q, k, v, Cache(7, 2, keyHeads, 9, size, 0), Cache(8, 2, keyHeads, 9, size, 0), full, five).Constant(cosines, sines).Outputs(Three);
        yield return Form("token").Input(q1, k1, v1, pastKey, pastValue, six, seven).Outputs(Three);
        yield return Form("token, rotary").With("do_rotary", 1).Input(q1, k1, v1, pastKey, pastValue, six, seven).Constant(cosines, sines).Outputs(Three);
        yield return Form("token, positions").With("do_rotary", 1).Input(q1, k1, v1, pastKey, pastValue, six, seven).Constant(cosines, sines).Input(Longs([2, 1], 3, 11)).Outputs(Three);
        yield return Form("token, window").With("local_window_size", 3).Input(q1, k1, v1, pastKey, pastValue, six, seven).Outputs(Three);
        yield return Form("token, sink, bias").With("local_window_size", 4).Input(q1, k1, v1, pastKey, pastValue, six, seven, null, null, null, Normal(9, 2, queryHeads, 1, 7), OperatorForm.Float([4], 0.5f, -1, 2, 0)).Outputs(Three);
        yield return Form("tokens of different lengths").With("do_rotary", 1).Input(q1, k1, v1, Cache(7, 2, keyHeads, 9, size, 3), Cache(8, 2, keyHeads, 9, size, 3), Integers([2], 3, 3), Integers([], 4)).Constant(cosines, sines).Outputs(Three);
        yield return Form("tokens of batch entries of different lengths").With("do_rotary", 1).Input(q1, k1, v1, Cache(7, 2, keyHeads, 6, size, 2), Cache(8, 2, keyHeads, 6, size, 2), Integers([2], 2, 5), Integers([], 6)).Constant(cosines, sines).Outputs(Three);
        yield return Form("half precision").With("do_rotary", 1).Input(Half(q1), Half(k1), Half(v1), Half(pastKey), Half(pastValue), six, seven).Constant(Half(cosines), Half(sines)).Outputs(DataType.Float16, DataType.Float16, DataType.Float16).Within(1e-2);
        yield return Form("continued prompt").With("do_rotary", 1).Input(Normal(1, 1, 3, queryHeads * size), Normal(2, 1, 3, keyHeads * size), Normal(3, 1, 3, keyHeads * size), Normal(7, 1, keyHeads, 6, size), Normal(8, 1, keyHeads, 6, size), Integers([1], 8), Integers([], 9))
            .Constant(cosines, sines).Outputs(Three);

        static OperatorForm Form(string variant) => Op("GroupQueryAttention", variant).With("num_heads", queryHeads).With("kv_num_heads", keyHeads);
    }
}
