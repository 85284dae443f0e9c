using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the global pools share: each channel of [N, C, spatial…] becomes one element, [N, C, 1, …].</summary>
public abstract record GlobalPool : Operator
{
    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0);
        if (x.Rank < 2)
        {
            c.Error("PG2216", $"the data {x} must have a batch and a channel dimension.");
            return;
        }

        c.Set(0, c.ElementType(0), Shape.From(x.Select((dim, axis) => axis < 2 ? dim : Dim.One)));
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type == DataType.Float32)
        {
            Pool<float>(c);
        }
        else
        {
            Pool<double>(c);
        }
    }

    /// <summary>One channel's elements (at least one) as one number.</summary>
    protected abstract double Reduce<T>(ReadOnlySpan<T> plane) where T : unmanaged, INumber<T>;

    private void Pool<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<T> y = c.Write<T>(0);
        int volume = y.IsEmpty ? 0 : x.Length / y.Length;
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = T.CreateTruncating(volume == 0 ? double.NaN : Reduce(x.Slice(i * volume, volume)));
        }
    }
}
