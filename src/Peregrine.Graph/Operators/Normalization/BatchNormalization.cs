using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// (X - mean) / √(variance + epsilon) · scale + B per channel (axis 1). With <see cref="TrainingMode"/> mean and variance are those of the batch (population variance),
/// and the running ones come out as running · momentum + batch · (1 - momentum).
/// </summary>
public sealed record BatchNormalization(float Epsilon = 1e-5f, float Momentum = 0.9f, bool TrainingMode = false) : Operator
{
    public static readonly Schema<BatchNormalization> Schema =
        new Schema<BatchNormalization>("BatchNormalization", since: 14, a => new(a.Float("epsilon"), a.Float("momentum"), a.Flag("training_mode")))
        .Inputs("X", "scale", "B", "input_mean", "input_var").Outputs("Y", "running_mean?", "running_var?")
        .Float("epsilon", o => o.Epsilon, 1e-5f)
        .Float("momentum", o => o.Momentum, 0.9f)
        .Flag("training_mode", o => o.TrainingMode, false)
        .Legacy("consumed_inputs", "is_test", "spatial")
        .Import(1, 13, ImportLegacy);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2, 3, 4))
        {
            return;
        }

        if ((c.Wants(1) || c.Wants(2)) && !TrainingMode)
        {
            c.Error("PG2532", "running_mean and running_var are outputs only with training_mode=1.");
            return;
        }

        if (c.IsRanked(0))
        {
            Dim channels = c.Shape(0).Rank > 1 ? c.Shape(0)[1] : Dim.One;
            for (int input = 1; input <= 4; input++)
            {
                if (!c.RequireVector(input, channels, "one per channel"))
                {
                    return;
                }
            }
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        c.Set(1, c.ElementType(3), c.Shape(3));
        c.Set(2, c.ElementType(4), c.Shape(4));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        AxisSplit split = dims.Length > 1 ? AxisSplit.At(dims, 1) : new(AxisSplit.Product(dims), 1, 1);
        ReadOnlySpan<double> x = c.Read<double>(0), scale = c.Read<double>(1), bias = c.Read<double>(2), mean = c.Read<double>(3), variance = c.Read<double>(4);
        Span<double> y = c.Write<double>(0);
        Span<double> runningMean = c.Wants(1) ? c.Write<double>(1) : [];
        Span<double> runningVariance = c.Wants(2) ? c.Write<double>(2) : [];
        Span<bool> exceptChannel = c.Scratch<bool>(Math.Max(dims.Length, 1));
        exceptChannel.Fill(true);
        exceptChannel[Math.Min(1, exceptChannel.Length - 1)] = dims.Length <= 1;
        AxisWalk batch = new(dims, exceptChannel[..dims.Length], chosen: true, c.Scratch<long>(3 * dims.Length));
        for (int channel = 0; channel < split.Extent; channel++)
        {
            Moments moments = new(mean[channel], variance[channel]);
            if (TrainingMode)
            {
                moments = Moments.Of(x, channel * split.Inner, ref batch);
                if (!runningMean.IsEmpty)
                {
                    runningMean[channel] = (mean[channel] * Momentum) + (moments.Mean * (1.0 - Momentum));
                }

                if (!runningVariance.IsEmpty)
                {
                    runningVariance[channel] = (variance[channel] * Momentum) + (moments.Variance * (1.0 - Momentum));
                }
            }

            double factor = scale[channel] / Math.Sqrt(moments.Variance + Epsilon);
            for (long outer = 0; outer < split.Outer; outer++)
            {
                int start = (int)(((outer * split.Extent) + channel) * split.Inner);
                for (int i = start; i < start + split.Inner; i++)
                {
                    y[i] = ((x[i] - moments.Mean) * factor) + bias[channel];
                }
            }
        }
    }

    /// <summary>
    /// Before opset 14 the number of outputs told training from inference (saved_mean and saved_var were scratch for a gradient), and up to opset 8 <c>spatial=0</c>
    /// asked for statistics per element instead of per channel.
    /// </summary>
    private static IReadOnlyList<Value?>? ImportLegacy(ImportScope s)
    {
        if (s.OutputCount > 1)
        {
            return s.Error("PG2581", $"the training form with {s.OutputCount} outputs is not supported before opset 14.", "Export the model for inference, or convert it to opset 15.");
        }

        if (s.Attributes.Int("spatial", 1) != 0)
        {
            return s.Default();
        }

        Value?[] inputs = [ImportReshaping.Matrix(s, s[0], 1), .. Enumerable.Range(1, 4).Select(i => ImportReshaping.Vector(s, s[i]))];
        return s.WithInputs(inputs) is { } result ? [ImportReshaping.Like(s, result[0], s[0])] : null;
    }
}
