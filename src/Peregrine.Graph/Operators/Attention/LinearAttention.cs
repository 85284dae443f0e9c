using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How <see cref="LinearAttention"/> updates its state S with key k, value v, decay g and rate β.</summary>
public enum LinearUpdateRule
{
    /// <summary>S + k⊗v.</summary>
    Linear,
    /// <summary>eᵍ·S + k⊗v.</summary>
    Gated,
    /// <summary>S + β·k⊗(v - Sᵀk).</summary>
    Delta,
    /// <summary>S' + β·k⊗(v - S'ᵀk) with S' = eᵍ·S.</summary>
    GatedDelta,
}

/// <summary>
/// Attention as a recurrence: a state [batch, kv_heads, d_k, d_v] is updated token by token (<see cref="Rule"/>) and read by scale · Sᵀq. Query, key and value are packed
/// as [batch, length, heads · size]; decay is per head or per key feature, beta per head or one for all. chunk_size only tunes. The reference carries the state in double.
/// </summary>
public sealed record LinearAttention(long QueryHeads, long KeyHeads, LinearUpdateRule Rule = LinearUpdateRule.GatedDelta, float Scale = 0, long ChunkSize = 64) : Operator
{
    private const int PastState = 3, Decay = 4, Beta = 5;

    public static readonly Schema<LinearAttention> Schema =
        new Schema<LinearAttention>("LinearAttention", since: 27, a => new(a.Int("q_num_heads"), a.Int("kv_num_heads"), a.Choice<LinearUpdateRule>("update_rule"), a.Float("scale"), a.Int("chunk_size")))
        .Inputs("query", "key", "value", "past_state?", "decay?", "beta?").Outputs("output", "present_state")
        .Int("q_num_heads", o => o.QueryHeads)
        .Int("kv_num_heads", o => o.KeyHeads)
        .Choice("update_rule", o => o.Rule, LinearUpdateRule.GatedDelta,
            ("linear", LinearUpdateRule.Linear), ("gated", LinearUpdateRule.Gated), ("delta", LinearUpdateRule.Delta), ("gated_delta", LinearUpdateRule.GatedDelta))
        .Float("scale", o => o.Scale, 0)
        .Int("chunk_size", o => o.ChunkSize, 64);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    private bool IsGated => Rule is LinearUpdateRule.Gated or LinearUpdateRule.GatedDelta;

    private bool HasCorrection => Rule is LinearUpdateRule.Delta or LinearUpdateRule.GatedDelta;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2, PastState, Decay, Beta))
        {
            return;
        }

        if (QueryHeads < 1 || KeyHeads < 1 || QueryHeads % KeyHeads != 0)
        {
            c.Error("PG2555", $"q_num_heads {QueryHeads} must be a positive multiple of kv_num_heads {KeyHeads}.");
            return;
        }

        if (c.Has(Decay) != IsGated || c.Has(Beta) != HasCorrection)
        {
            c.Error("PG2556", $"update_rule {Rule} goes {(IsGated ? "with" : "without")} decay and {(HasCorrection ? "with" : "without")} beta.");
            return;
        }

        DataType stateType = c.Has(PastState) ? c.ElementType(PastState) : c.ElementType(0);
        if (!c.IsRanked(0) || !c.IsRanked(1) || !c.IsRanked(2))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            c.Set(1, stateType, Shape.Unranked);
            return;
        }

        Shape query = c.Shape(0), key = c.Shape(1), value = c.Shape(2);
        if (query.Rank != 3 || key.Rank != 3 || value.Rank != 3 || !Divides(query, QueryHeads) || !Divides(key, KeyHeads) || !Divides(value, KeyHeads))
        {
            c.Error("PG2557", $"query {query}, key {key} and value {value} must be [batch, length, heads · size] with {QueryHeads} and {KeyHeads} heads.");
            return;
        }

        Dim keySize = Dim.FloorDiv(query[2], QueryHeads), valueSize = Dim.FloorDiv(value[2], KeyHeads);
        Shape state = [query[0], KeyHeads, keySize, valueSize];
        bool fits = Fits(key, [query[0], query[1], keySize * KeyHeads]) && Fits(value, [query[0], query[1], value[2]])
            && (!c.Has(PastState) || Fits(c.Shape(PastState), state))
            && (!c.Has(Decay) || Fits(c.Shape(Decay), [query[0], query[1], KeyHeads]) || Fits(c.Shape(Decay), [query[0], query[1], keySize * KeyHeads]))
            && (!c.Has(Beta) || Fits(c.Shape(Beta), [query[0], query[1], KeyHeads]) || Fits(c.Shape(Beta), [query[0], query[1], 1]));
        if (!fits)
        {
            c.Error("PG2558", $"the shapes do not fit each other: {string.Join(", ", Schema.InputFormals.Select((f, i) => c.Has(i) ? $"{f.Name} {c.Shape(i)}" : $"no {f.Name}"))}; the state is {state}.");
            return;
        }

        c.Set(0, c.ElementType(0), [query[0], query[1], valueSize * QueryHeads]);
        c.Set(1, stateType, state);

        static bool Divides(Shape shape, long heads) => !shape[2].IsConstant || shape[2].Constant % heads == 0;

        static bool Fits(Shape shape, Shape expected) => !shape.IsRanked || (shape.Rank == expected.Rank && shape.Zip(expected).All(p => !Dim.ProvablyDifferent(p.First, p.Second)));
    }

    public override void Evaluate(EvaluationScope c)
    {
        HeadLayout queryLayout = HeadLayout.Of(c.Dims(0), QueryHeads), keyLayout = HeadLayout.Of(c.Dims(1), KeyHeads), valueLayout = HeadLayout.Of(c.Dims(2), KeyHeads);
        ReadOnlySpan<double> query = c.Read<double>(0), key = c.Read<double>(1), value = c.Read<double>(2);
        ReadOnlySpan<double> decay = IsGated ? c.Read<double>(Decay) : [], beta = HasCorrection ? c.Read<double>(Beta) : [];
        int keySize = keyLayout.Size, valueSize = valueLayout.Size, group = (int)(QueryHeads / KeyHeads);
        HeadLayout decayLayout = IsGated ? HeadLayout.Of(c.Dims(Decay), KeyHeads) : default, result = queryLayout with { Size = valueSize };
        int betaHeads = HasCorrection ? (int)c.Dims(Beta)[2] : 0;
        Span<double> states = c.Wants(1) ? c.Write<double>(1) : c.Scratch<double>((long)keyLayout.Batch * KeyHeads * keySize * valueSize);
        states.Clear();
        if (c.Has(PastState))
        {
            c.Read<double>(PastState).CopyTo(states);
        }

        Span<double> y = c.Wants(0) ? c.Write<double>(0) : c.Scratch<double>(queryLayout.Batch * QueryHeads * queryLayout.Length * valueSize);
        y.Clear();
        Span<double> change = c.Scratch<double>(valueSize);
        double scale = Scale == 0 ? 1 / Math.Sqrt(keySize) : Scale;
        for (int batch = 0; batch < keyLayout.Batch; batch++)
        {
            for (int head = 0; head < keyLayout.Heads; head++)
            {
                Span<double> state = states.Slice(((batch * keyLayout.Heads) + head) * keySize * valueSize, keySize * valueSize);
                for (int token = 0; token < keyLayout.Length; token++)
                {
                    ReadOnlySpan<double> k = key.Slice(keyLayout.Row(batch, head, token), keySize);
                    value.Slice(valueLayout.Row(batch, head, token), valueSize).CopyTo(change);
                    for (int i = 0; IsGated && i < keySize; i++)
                    {
                        double factor = Math.Exp(decay[decayLayout.Row(batch, head, token) + (decayLayout.Size == 1 ? 0 : i)]);
                        foreach (ref double element in state.Slice(i * valueSize, valueSize))
                        {
                            element *= factor;
                        }
                    }

                    if (HasCorrection)
                    {
                        for (int i = 0; i < keySize; i++)
                        {
                            DoubleRows.AddScaled(change, -k[i], state.Slice(i * valueSize, valueSize));
                        }

                        double rate = beta[(((batch * keyLayout.Length) + token) * betaHeads) + (betaHeads == 1 ? 0 : head)];
                        foreach (ref double element in change)
                        {
                            element *= rate;
                        }
                    }

                    for (int i = 0; i < keySize; i++)
                    {
                        DoubleRows.AddScaled(state.Slice(i * valueSize, valueSize), k[i], change);
                    }

                    for (int member = head * group; member < (head + 1) * group; member++)
                    {
                        ReadOnlySpan<double> q = query.Slice(queryLayout.Row(batch, member, token), keySize);
                        Span<double> output = y.Slice(result.Row(batch, member, token), valueSize);
                        for (int i = 0; i < keySize; i++)
                        {
                            DoubleRows.AddScaled(output, q[i] * scale, state.Slice(i * valueSize, valueSize));
                        }
                    }
                }
            }
        }
    }
}
