using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The index of the extreme element along one axis, as int64. NaN is more extreme than any number, as in NumPy.</summary>
public abstract record ArgReduction(long Axis, bool KeepDims, bool SelectLastIndex) : Operator
{
    public sealed override Accuracy Accuracy => Accuracy.Exact;

    /// <summary>Whether the largest element is wanted.</summary>
    protected abstract bool Largest { get; }

    public sealed override void Infer(InferenceScope c)
    {
        if (c.ElementType(0) is var type && !type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2103", $"input 0 (data) is {c.TypeOf(0)}, but must be numeric.");
            return;
        }

        Shape shape = c.Shape(0);
        if (!shape.IsRanked)
        {
            c.Set(0, DataType.Int64, Shape.Unranked);
            return;
        }

        int axis = c.Axis(Axis, shape.Rank);
        if (shape.Rank == 0)
        {
            return;
        }

        if (shape[axis] == Dim.Zero)
        {
            c.Error("PG2522", $"axis {axis} of the input {shape} has no elements to choose from.");
            return;
        }

        c.Set(0, DataType.Int64, KeepDims ? shape.With(axis, Dim.One) : Shape.From(shape.Where((_, i) => i != axis)));
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.UInt64: Search<ulong>(c); break;
            case var type when type.IsFloat(): Search<double>(c); break;
            default: Search<long>(c); break;
        }
    }

    private protected static Schema<TOperator> Declare<TOperator>(string name, Func<long, bool, bool, TOperator> create) where TOperator : ArgReduction =>
        new Schema<TOperator>(name, since: 1, a => create(a.Int("axis"), a.Flag("keepdims"), a.Flag("select_last_index")))
            .Inputs("data").Outputs("reduced")
            .Int("axis", o => o.Axis, 0)
            .Flag("keepdims", o => o.KeepDims, true)
            .Flag("select_last_index", o => o.SelectLastIndex, false);

    private void Search<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        AxisSplit split = AxisSplit.At(c.Dims(0), c.Axis(Axis, c.Dims(0).Length));
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<long> y = c.Write<long>(0);
        int output = 0;
        for (long outer = 0; outer < split.Outer; outer++)
        {
            for (long inner = 0; inner < split.Inner; inner++)
            {
                int index = split.Start(outer, inner);
                T best = x[index];
                long bestAt = 0;
                for (long i = 1; i < split.Extent; i++)
                {
                    index += (int)split.Inner;
                    if (Replaces(x[index], best))
                    {
                        (best, bestAt) = (x[index], i);
                    }
                }

                y[output++] = bestAt;
            }
        }
    }

    private bool Replaces<T>(T candidate, T best) where T : INumber<T>
    {
        if (T.IsNaN(best) || T.IsNaN(candidate))
        {
            return T.IsNaN(candidate) && (SelectLastIndex || !T.IsNaN(best));
        }

        return SelectLastIndex && candidate == best || (Largest ? candidate > best : candidate < best);
    }
}
