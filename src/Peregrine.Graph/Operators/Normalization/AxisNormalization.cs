using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>An operator that maps every slice along one axis to a slice of the same length: Softmax, LogSoftmax, Hardmax, LpNormalization.</summary>
public abstract record AxisNormalization(long Axis) : Operator
{
    /// <summary>Computes one slice; element i of both spans lies at i · <paramref name="stride"/>, and there are <paramref name="count"/>, at least 1.</summary>
    protected abstract void Normalize(ReadOnlySpan<double> x, Span<double> y, int count, int stride);

    /// <summary>Reports attributes that make no sense.</summary>
    protected virtual void Check(InferenceScope c)
    {
    }

    public sealed override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        Check(c);

        if (c.IsRanked(0) && (c.Shape(0).Rank > 0 || Axis is not (0 or -1)))
        {
            c.Axis(Axis, c.Shape(0).Rank);
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        AxisSplit split = dims.IsEmpty ? new(1, 1, 1) : AxisSplit.At(dims, c.Axis(Axis, dims.Length));
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        if (x.IsEmpty)
        {
            return;
        }

        for (long outer = 0; outer < split.Outer; outer++)
        {
            for (long inner = 0; inner < split.Inner; inner++)
            {
                int start = split.Start(outer, inner);
                Normalize(x[start..], y[start..], (int)split.Extent, (int)split.Inner);
            }
        }
    }
}
