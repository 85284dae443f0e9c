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

/// <summary>The mean of each channel.</summary>
public sealed record GlobalAveragePool : GlobalPool
{
    public static readonly Schema<GlobalAveragePool> Schema = new Schema<GlobalAveragePool>("GlobalAveragePool", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double sum = 0;
        foreach (T value in plane)
        {
            sum += double.CreateTruncating(value);
        }

        return sum / plane.Length;
    }
}

/// <summary>The largest element of each channel (NaN wins).</summary>
public sealed record GlobalMaxPool : GlobalPool
{
    public static readonly Schema<GlobalMaxPool> Schema = new Schema<GlobalMaxPool>("GlobalMaxPool", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double largest = double.NegativeInfinity;
        foreach (T value in plane)
        {
            largest = Math.Max(largest, double.CreateTruncating(value));
        }

        return largest;
    }
}

/// <summary>The Lp norm of each channel.</summary>
public sealed record GlobalLpPool(long P = 2) : GlobalPool
{
    public static readonly Schema<GlobalLpPool> Schema = new Schema<GlobalLpPool>("GlobalLpPool", since: 2, a => new(a.Int("p"))).Inputs("X").Outputs("Y")
        .Int("p", o => o.P, 2)
        .Import(1, 1, LpNorm.ImportFloatExponent);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (LpNorm.Check(c, P))
        {
            base.Infer(c);
        }
    }

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double sum = 0;
        foreach (T value in plane)
        {
            sum += LpNorm.Power(double.CreateTruncating(value), P);
        }

        return LpNorm.Root(sum, P);
    }
}
