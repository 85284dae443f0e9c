using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Rotary position embedding: turns pairs of the first <see cref="RotaryDim"/> features of each head (0 means all) by angles whose cosines and sines are given. X is
/// [batch, heads, length, size], or [batch, length, heads · size] with num_heads. The caches are [positions, rotary/2] with position_ids [batch, length], else
/// [batch, length, rotary/2]. Pairs are (i, i + rotary/2), interleaved ones (2i, 2i + 1).
/// </summary>
public sealed record RotaryEmbedding(bool Interleaved = false, long? NumHeads = null, long RotaryDim = 0) : Operator
{
    public static readonly Schema<RotaryEmbedding> Schema =
        new Schema<RotaryEmbedding>("RotaryEmbedding", since: 23, a => new(a.Flag("interleaved"), a.OptionalInt("num_heads"), a.Int("rotary_embedding_dim")))
        .Inputs("X", "cos_cache", "sin_cache", "position_ids?").Outputs("Y")
        .Flag("interleaved", o => o.Interleaved, false)
        .OptionalInt("num_heads", o => o.NumHeads)
        .Int("rotary_embedding_dim", o => o.RotaryDim, 0);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2) || (c.Has(3) && !c.Require(3, DataType.Int64)))
        {
            return;
        }

        Shape x = c.Shape(0);
        if (x.IsRanked && !Check(c, x))
        {
            return;
        }

        c.Set(0, c.ElementType(0), x);
    }

    public override void Evaluate(EvaluationScope c)
    {
        HeadLayout layout = HeadLayout.Of(c.Dims(0), NumHeads ?? 1);
        ReadOnlySpan<double> x = c.Read<double>(0), cosines = c.Read<double>(1), sines = c.Read<double>(2);
        ReadOnlySpan<long> positions = c.Has(3) ? c.Read<long>(3) : [];
        Span<double> y = c.Write<double>(0);
        x.CopyTo(y);
        int half = (int)c.Dims(1)[^1];
        long rows = half == 0 ? 0 : cosines.Length / half;
        for (int batch = 0; batch < layout.Batch; batch++)
        {
            for (int position = 0; position < layout.Length; position++)
            {
                long entry = (batch * layout.Length) + position;
                long cacheRow = c.Has(3) ? positions[(int)entry] : entry;
                if (half > 0 && (ulong)cacheRow >= (ulong)rows)
                {
                    throw c.Fail("PG2547", $"position {cacheRow} is outside of the cache of {rows} rows.");
                }

                for (int head = 0; head < layout.Heads; head++)
                {
                    int start = layout.Row(batch, head, position);
                    for (int i = 0; i < half; i++)
                    {
                        int first = start + (Interleaved ? 2 * i : i), second = Interleaved ? first + 1 : first + half;
                        double cosine = cosines[(int)(cacheRow * half) + i], sine = sines[(int)(cacheRow * half) + i];
                        y[first] = (cosine * x[first]) - (sine * x[second]);
                        y[second] = (sine * x[first]) + (cosine * x[second]);
                    }
                }
            }
        }
    }

    private bool Check(InferenceScope c, Shape x)
    {
        if (x.Rank is not (3 or 4) || (x.Rank == 3 && NumHeads is not > 0))
        {
            c.Error("PG2548", $"X {x} must be of rank 4, or of rank 3 with a positive num_heads (it is {NumHeads?.ToString() ?? "absent"}).");
            return false;
        }

        Dim size = x.Rank == 4 ? x[3] : Dim.FloorDiv(x[2], NumHeads!.Value);
        if (RotaryDim < 0 || RotaryDim % 2 != 0 || (size.IsConstant && (RotaryDim > size.Constant || (RotaryDim == 0 && size.Constant % 2 != 0))) || (x.Rank == 3 && x[2].IsConstant && x[2].Constant % NumHeads!.Value != 0))
        {
            c.Error("PG2549", $"rotary_embedding_dim {RotaryDim} does not fit the heads of X {x}; it must be even and at most the head size {size}, which must divide evenly.");
            return false;
        }

        Dim half = RotaryDim > 0 ? RotaryDim / 2 : Dim.FloorDiv(size, 2), length = x.Rank == 4 ? x[2] : x[1];
        for (int input = 1; input <= 2; input++)
        {
            Shape cache = c.Shape(input);
            bool fits = !cache.IsRanked || (cache.Rank == (c.Has(3) ? 2 : 3) && !Dim.ProvablyDifferent(cache[cache.Rank - 1], half));
            fits &= !cache.IsRanked || c.Has(3) || (cache.Rank == 3 && !Dim.ProvablyDifferent(cache[0], x[0]) && !Dim.ProvablyDifferent(cache[1], length));
            if (!fits)
            {
                c.Error("PG2550", $"the cache of input {input} {cache} must be {(c.Has(3) ? $"[positions,{half}]" : $"[{x[0]},{length},{half}]")}.");
                return false;
            }
        }

        if (c.IsRanked(1) && c.IsRanked(2) && Dim.ProvablyDifferent(c.Shape(1)[0], c.Shape(2)[0]))
        {
            c.Error("PG2550", $"cos_cache {c.Shape(1)} and sin_cache {c.Shape(2)} differ.");
            return false;
        }

        if (c.Has(3) && c.IsRanked(3) && (c.Shape(3).Rank != 2 || Dim.ProvablyDifferent(c.Shape(3)[0], x[0]) || Dim.ProvablyDifferent(c.Shape(3)[1], length)))
        {
            c.Error("PG2551", $"position_ids {c.Shape(3)} must be [{x[0]},{length}].");
            return false;
        }

        return true;
    }
}
