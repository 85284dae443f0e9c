using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>(X - mean) / (√variance + 1e-9) over the given axes.</summary>
public sealed record MeanVarianceNormalization(Ints Axes) : Operator
{
    private const double Epsilon = 1e-9;

    public static readonly Schema<MeanVarianceNormalization> Schema = new Schema<MeanVarianceNormalization>("MeanVarianceNormalization", since: 9, a => new(a.Ints("axes")))
        .Inputs("X").Outputs("Y")
        .Ints("axes", o => o.Axes, [0, 2, 3]);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        if (c.IsRanked(0))
        {
            foreach (long axis in Axes)
            {
                c.Axis(axis, c.Shape(0).Rank, "axes");
            }
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        Span<bool> reduced = c.Scratch<bool>(dims.Length);
        foreach (long axis in Axes.AsSpan())
        {
            reduced[c.Axis(axis, dims.Length)] = true;
        }

        if (Axes.Count == 0)
        {
            reduced.Fill(true);
        }

        AxisWalk kept = new(dims, reduced, chosen: false, c.Scratch<long>(3 * dims.Length));
        AxisWalk inner = new(dims, reduced, chosen: true, c.Scratch<long>(3 * dims.Length));
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        for (long row = 0; row < kept.Rows; row++, kept.MoveNext())
        {
            for (long position = 0; position < kept.RowLength; position++)
            {
                long start = kept.Offset + (position * kept.RowStride);
                Moments moments = Moments.Of(x, start, ref inner);
                double deviation = Math.Sqrt(moments.Variance) + Epsilon;
                inner.Reset();
                for (long innerRow = 0; innerRow < inner.Rows; innerRow++, inner.MoveNext())
                {
                    for (long k = 0; k < inner.RowLength; k++)
                    {
                        int index = (int)(start + inner.Offset + (k * inner.RowStride));
                        y[index] = (x[index] - moments.Mean) / deviation;
                    }
                }
            }
        }
    }
}
