using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Running combination along the axis that input 1 (one element) names. Exclusive: without the element itself, so that the first result is the neutral element.
/// Reverse: from the end. Floats combine in double; integers wrap around.
/// </summary>
public abstract record CumulativeOperator(bool Exclusive, bool Reverse) : Operator
{
    public sealed override void Infer(InferenceScope c)
    {
        if (c.ElementType(0) is var type && !type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2103", $"input 0 (x) is {c.TypeOf(0)}, but must be numeric.");
            return;
        }

        if (!c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (c.ConstantInts(1) is { } axis)
        {
            if (axis.Length != 1)
            {
                c.Error("PG2523", $"input 1 (axis) must hold one number, not {axis.Length}.");
                return;
            }

            if (c.IsRanked(0))
            {
                c.Axis(axis[0], c.Shape(0).Rank);
            }
        }

        c.Set(0, type, c.Shape(0));
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.UInt64: Accumulate<ulong>(c); break;
            case var type when type.IsFloat(): Accumulate<double>(c); break;
            default: Accumulate<long>(c); break;
        }
    }

    /// <summary>The combination; <paramref name="neutral"/> is true where the neutral element is wanted instead.</summary>
    protected abstract T Combine<T>(T left, T right, bool neutral) where T : INumber<T>;

    private protected static Schema<TOperator> Declare<TOperator>(string name, int since, Func<bool, bool, TOperator> create) where TOperator : CumulativeOperator =>
        new Schema<TOperator>(name, since, a => create(a.Flag("exclusive"), a.Flag("reverse")))
            .Inputs("x", "axis").Outputs("y")
            .Flag("exclusive", o => o.Exclusive, false)
            .Flag("reverse", o => o.Reverse, false);

    private void Accumulate<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<long> axis = c.Read<long>(1);
        if (axis.Length != 1)
        {
            throw c.Fail("PG2523", $"input 1 (axis) must hold one number, not {axis.Length}.");
        }

        AxisSplit split = AxisSplit.At(c.Dims(0), c.Axis(axis[0], c.Dims(0).Length));
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<T> y = c.Write<T>(0);
        int step = Reverse ? -(int)split.Inner : (int)split.Inner;
        for (long outer = 0; outer < split.Outer; outer++)
        {
            for (long inner = 0; inner < split.Inner; inner++)
            {
                int index = split.Start(outer, inner) + (Reverse ? (int)((split.Extent - 1) * split.Inner) : 0);
                T sum = Combine(T.Zero, T.Zero, neutral: true);
                for (long i = 0; i < split.Extent; i++, index += step)
                {
                    T before = sum;
                    sum = Combine(sum, x[index], neutral: false);
                    y[index] = Exclusive ? before : sum;
                }
            }
        }
    }
}
