using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// (X - mean) / √(variance + epsilon) · Scale + B over the axes from <see cref="Axis"/> on; Scale and B broadcast to X. Mean and 1/√(variance + epsilon) are optional
/// outputs of <see cref="StashType"/>. The reference computes in double.
/// </summary>
public sealed record LayerNormalization(long Axis = -1, float Epsilon = 1e-5f, DataType StashType = DataType.Float32) : Operator
{
    public static readonly Schema<LayerNormalization> Schema =
        new Schema<LayerNormalization>("LayerNormalization", since: 17, a => new(a.Int("axis"), a.Float("epsilon"), a.DataType("stash_type")))
        .Inputs("X", "Scale", "B?").Outputs("Y", "Mean?", "InvStdDev?")
        .Int("axis", o => o.Axis, -1)
        .Float("epsilon", o => o.Epsilon, 1e-5f)
        .DataType("stash_type", o => o.StashType, DataType.Float32)
        // ONNX Runtime writes it into optimized models of older opsets, with the same meaning.
        .Import(1, 16, s => s.Default());

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2))
        {
            return;
        }

        if (!RealTypes.All.Contains(StashType))
        {
            c.Error("PG2535", $"stash_type is {StashType.Name()}, but must be a float type.");
            return;
        }

        Shape shape = c.Shape(0), statistics = Shape.Unranked;
        if (shape.IsRanked)
        {
            int axis = c.Axis(Axis, shape.Rank);
            statistics = Shape.From(shape.Select((d, i) => i < axis ? d : Dim.One));
            if (!c.RequireBroadcastTo(1, shape) || !c.RequireBroadcastTo(2, shape))
            {
                return;
            }
        }

        c.Set(0, c.ElementType(0), shape);
        c.Set(1, StashType, statistics);
        c.Set(2, StashType, statistics);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        AxisSplit split = AxisSplit.From(dims, c.Axis(Axis, dims.Length));
        ReadOnlySpan<double> x = c.Read<double>(0);
        BroadcastRead scale = new(c, 1, dims), bias = c.Has(2) ? new(c, 2, dims) : default;
        Span<double> y = c.Write<double>(0);
        Span<double> means = c.Wants(1) ? c.Write<double>(1) : [], inverses = c.Wants(2) ? c.Write<double>(2) : [];
        for (int outer = 0; outer < split.Outer; outer++)
        {
            int start = split.Start(outer, 0);
            Moments moments = Moments.Of(x.Slice(start, (int)split.Extent));
            double inverse = 1 / Math.Sqrt(moments.Variance + Epsilon);
            for (int i = start; i < start + split.Extent; i++)
            {
                y[i] = ((x[i] - moments.Mean) * inverse * scale[i]) + (c.Has(2) ? bias[i] : 0);
            }

            if (!means.IsEmpty)
            {
                means[outer] = moments.Mean;
            }

            if (!inverses.IsEmpty)
            {
                inverses[outer] = inverse;
            }
        }
    }
}
