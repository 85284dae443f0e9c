using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the optional output qk_matmul_output of <see cref="Attention"/> shows.</summary>
public enum AttentionScores
{
    /// <summary>scale · Q·Kᵀ.</summary>
    Raw = 0,
    /// <summary>After the soft cap.</summary>
    Capped = 1,
    /// <summary>After soft cap, mask, causality and window.</summary>
    Biased = 2,
    /// <summary>Softmax of all that.</summary>
    Probabilities = 3,
}

/// <summary>
/// Scaled dot product attention: softmax(softcap(scale · Q·Kᵀ) + bias)·V. Q, K, V are [batch, heads, length, size], or [batch, length, heads · size] with the attributes
/// q_num_heads and kv_num_heads; query head h reads key head ⌊h · kv_heads / q_heads⌋. Past keys and values are put in front. Query i stands at position i + offset, where
/// offset is the past length, nonpad_kv_seqlen - q_length, or 0; causality and windows refer to it. A row without a visible key gives 0.
/// The reference computes in double whatever softmax_precision says.
/// </summary>
public sealed record Attention(
    bool IsCausal = false, long? QueryHeads = null, long? KeyHeads = null, float? Scale = null, float SoftCap = 0, DataType? SoftmaxPrecision = null,
    AttentionScores ScoresMode = AttentionScores.Raw, long LeftWindow = -1, long RightWindow = -1) : Operator
{
    internal const int Mask = 3, PastKey = 4, PastValue = 5, ValidLengths = 6;

    public static readonly Schema<Attention> Schema = new Schema<Attention>("Attention", since: 25, a => new(
            a.Flag("is_causal"), a.OptionalInt("q_num_heads"), a.OptionalInt("kv_num_heads"), a.OptionalFloat("scale"), a.Float("softcap"), (DataType?)a.OptionalInt("softmax_precision"),
            (AttentionScores)a.Int("qk_matmul_output_mode"), a.Int("left_window_size"), a.Int("right_window_size")))
        .Inputs("Q", "K", "V", "attn_mask?", "past_key?", "past_value?", "nonpad_kv_seqlen?")
        .Outputs("Y", "present_key?", "present_value?", "qk_matmul_output?")
        .Flag("is_causal", o => o.IsCausal, false)
        .OptionalInt("q_num_heads", o => o.QueryHeads)
        .OptionalInt("kv_num_heads", o => o.KeyHeads)
        .OptionalFloat("scale", o => o.Scale)
        .Float("softcap", o => o.SoftCap, 0)
        .OptionalInt("softmax_precision", o => (long?)o.SoftmaxPrecision)
        .Int("qk_matmul_output_mode", o => (long)o.ScoresMode, 0)
        .Int("left_window_size", o => o.LeftWindow, -1)
        .Int("right_window_size", o => o.RightWindow, -1)
        .Import(23, 24, s => s[0]?.Tensor is { Shape: { IsRanked: true, Rank: 4 } } ? s.Default(("q_num_heads", null), ("kv_num_heads", null)) : s.Default());

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2, PastKey, PastValue) || !CheckAttributes(c))
        {
            return;
        }

        DataType keyType = c.ElementType(0), valueType = c.ElementType(2);
        if (!c.IsRanked(0) || !c.IsRanked(1) || !c.IsRanked(2) || (c.Has(PastKey) && (!c.IsRanked(PastKey) || !c.IsRanked(PastValue))))
        {
            c.Set(0, keyType, Shape.Unranked);
            c.Set(1, keyType, Shape.Unranked);
            c.Set(2, valueType, Shape.Unranked);
            c.Set(3, keyType, Shape.Unranked);
            return;
        }

        Shape q = c.Shape(0), k = c.Shape(1), v = c.Shape(2);
        if (q.Rank is not (3 or 4) || k.Rank != q.Rank || v.Rank != q.Rank)
        {
            c.Error("PG2541", $"Q {q}, K {k} and V {v} must all be of rank 3 or all of rank 4.");
            return;
        }

        if ((q.Rank == 3) != (QueryHeads is not null && KeyHeads is not null) || (q.Rank == 4 && (QueryHeads ?? KeyHeads) is not null))
        {
            c.Error("PG2542", $"inputs of rank {q.Rank} go {(q.Rank == 3 ? "with" : "without")} the attributes q_num_heads and kv_num_heads.");
            return;
        }

        if (Unpack(c, 0, QueryHeads) is not { } query || Unpack(c, 1, KeyHeads) is not { } key || Unpack(c, 2, KeyHeads) is not { } value || !CheckShapes(c, query, key, value))
        {
            return;
        }

        Dim total = c.Has(PastKey) ? c.Shape(PastKey)[2] + key[2] : key[2];
        Shape scores = [query[0], query[1], query[2], total];
        if (!CheckMask(c, scores))
        {
            return;
        }

        c.Set(0, keyType, q.Rank == 4 ? [query[0], query[1], query[2], value[3]] : [query[0], query[2], query[1] * value[3]]);
        c.Set(1, keyType, [key[0], key[1], total, key[3]]);
        c.Set(2, valueType, [value[0], value[1], total, value[3]]);
        c.Set(3, keyType, scores);
    }

    public override void Evaluate(EvaluationScope c) => AttentionKernel.Run(this, c);

    /// <summary>A query, key or value shape as [batch, heads, length, size].</summary>
    private static Shape? Unpack(InferenceScope c, int input, long? heads)
    {
        Shape shape = c.Shape(input);
        if (shape.Rank == 4)
        {
            return shape;
        }

        if (shape[2].IsConstant && shape[2].Constant % heads!.Value != 0)
        {
            c.Error("PG2543", $"the last dimension of input {input} {shape} is no multiple of its {heads} heads.");
            return null;
        }

        return [shape[0], heads!.Value, shape[1], Dim.FloorDiv(shape[2], heads.Value)];
    }

    private bool CheckAttributes(InferenceScope c)
    {
        string? problem =
            QueryHeads < 1 || KeyHeads < 1 ? $"q_num_heads is {QueryHeads} and kv_num_heads is {KeyHeads}; both must be at least 1."
            : LeftWindow < -1 || RightWindow < -1 ? $"left_window_size is {LeftWindow} and right_window_size is {RightWindow}; both must be at least -1."
            : !Enum.IsDefined(ScoresMode) ? $"qk_matmul_output_mode is {(long)ScoresMode}, but must lie in [0, 3]."
            : SoftmaxPrecision is { } precision && !RealTypes.All.Contains(precision) ? $"softmax_precision is {(long)precision}, but must be 1, 10, 11 or 16."
            : c.Has(PastKey) != c.Has(PastValue) ? "past_key and past_value go together; only one of them is given."
            : c.Has(PastKey) && c.Has(ValidLengths) ? "nonpad_kv_seqlen does not go with past_key and past_value."
            : c.ElementType(1) != c.ElementType(0) || (c.Has(PastKey) && (c.ElementType(PastKey) != c.ElementType(1) || c.ElementType(PastValue) != c.ElementType(2)))
                ? "Q, K and past_key must be of one type, and V and past_value of one type."
            : null;
        if (problem is not null)
        {
            c.Error("PG2544", problem);
        }

        return problem is null;
    }

    private static bool CheckShapes(InferenceScope c, Shape query, Shape key, Shape value)
    {
        string? problem =
            Differ(query[0], key[0]) || Differ(query[0], value[0]) ? "the batch sizes differ"
            : Differ(query[3], key[3]) ? "the head sizes of Q and K differ"
            : Differ(key[1], value[1]) ? "K and V have different numbers of heads"
            : Differ(key[2], value[2]) ? "K and V have different lengths"
            : query[1].IsConstant && key[1].IsConstant && (key[1].Constant == 0 || query[1].Constant % key[1].Constant != 0) ? "the number of query heads is no multiple of the number of key heads"
            : c.Has(PastKey) && !FitsPast(c.Shape(PastKey), key) ? $"past_key {c.Shape(PastKey)} does not fit"
            : c.Has(PastValue) && !FitsPast(c.Shape(PastValue), value) ? $"past_value {c.Shape(PastValue)} does not fit"
            : c.Has(PastKey) && Differ(c.Shape(PastKey)[2], c.Shape(PastValue)[2]) ? "past_key and past_value have different lengths"
            : null;
        if (problem is not null)
        {
            c.Error("PG2545", $"{problem}: as [batch, heads, length, size], Q is {query}, K is {key}, V is {value}.");
        }

        return problem is null;

        static bool Differ(Dim left, Dim right) => Dim.ProvablyDifferent(left, right);

        static bool FitsPast(Shape past, Shape now) => past.Rank == 4 && !Differ(past[0], now[0]) && !Differ(past[1], now[1]) && !Differ(past[3], now[3]);
    }

    private static bool CheckMask(InferenceScope c, Shape scores)
    {
        if (c.Has(ValidLengths) && (!c.Require(ValidLengths, DataType.Int64) || !c.RequireVector(ValidLengths, scores[0], "one per batch entry")))
        {
            return false;
        }

        if (!c.Has(Mask))
        {
            return true;
        }

        if (c.ElementType(Mask) is var type && type != DataType.Bool && !type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2103", $"attn_mask is {c.TypeOf(Mask)}, but must be bool or numeric.");
            return false;
        }

        if (!c.IsRanked(Mask))
        {
            return true;
        }

        Shape mask = c.Shape(Mask);
        bool fits = mask.Rank is >= 1 and <= 4 && !(mask[mask.Rank - 1] - scores[3] - 1).IsProvablyNonNegative;
        for (int i = 2; fits && i <= mask.Rank; i++)
        {
            fits = mask[mask.Rank - i] == Dim.One || !Dim.ProvablyDifferent(mask[mask.Rank - i], scores[4 - i]);
        }

        if (!fits)
        {
            c.Error("PG2546", $"attn_mask {mask} does not broadcast to the scores {scores}; only its last dimension may be shorter.");
        }

        return fits;
    }
}
