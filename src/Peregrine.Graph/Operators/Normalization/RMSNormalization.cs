using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>X / √(mean of squares + epsilon) · scale over the axes from <see cref="Axis"/> on; scale broadcasts to X and gives Y its type. The reference computes in double.</summary>
public sealed record RMSNormalization(long Axis = -1, float Epsilon = 1e-5f, DataType StashType = DataType.Float32) : Operator
{
    public static readonly Schema<RMSNormalization> Schema =
        new Schema<RMSNormalization>("RMSNormalization", since: 23, a => new(a.Int("axis"), a.Float("epsilon"), a.DataType("stash_type")))
        .Inputs("X", "scale").Outputs("Y")
        .Int("axis", o => o.Axis, -1)
        .Float("epsilon", o => o.Epsilon, 1e-5f)
        .DataType("stash_type", o => o.StashType, DataType.Float32);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1))
        {
            return;
        }

        if (c.IsRanked(0))
        {
            c.Axis(Axis, c.Shape(0).Rank);
            if (!c.RequireBroadcastTo(1, c.Shape(0)))
            {
                return;
            }
        }

        c.Set(0, c.ElementType(1), c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        AxisSplit split = AxisSplit.From(dims, c.Axis(Axis, dims.Length));
        ReadOnlySpan<double> x = c.Read<double>(0);
        BroadcastRead scale = new(c, 1, dims);
        Span<double> y = c.Write<double>(0);
        for (int outer = 0; outer < split.Outer; outer++)
        {
            int start = split.Start(outer, 0);
            double squares = 0;
            foreach (double value in x.Slice(start, (int)split.Extent))
            {
                squares += value * value;
            }

            double inverse = 1 / Math.Sqrt((squares / split.Extent) + Epsilon);
            for (int i = start; i < start + split.Extent; i++)
            {
                y[i] = x[i] * inverse * scale[i];
            }
        }
    }
}
