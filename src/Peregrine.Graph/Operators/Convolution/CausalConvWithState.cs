using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What follows a <see cref="CausalConvWithState"/>.</summary>
public enum CausalActivation
{
    None,
    /// <summary>x · sigmoid(x).</summary>
    Silu,
    /// <summary>Another name of <see cref="Silu"/>.</summary>
    Swish,
}

/// <summary>Depthwise convolution over past positions of [batch, channels, length]; the last k − 1 of them carry over to the next call as the state.</summary>
public sealed record CausalConvWithState(CausalActivation Activation = CausalActivation.None) : Operator
{
    public static readonly Schema<CausalConvWithState> Schema = new Schema<CausalConvWithState>("CausalConvWithState", since: 27, a => new(a.Choice<CausalActivation>("activation")))
        .Inputs("input", "weight", "bias?", "past_state?").Outputs("output", "present_state")
        .Choice("activation", o => o.Activation, CausalActivation.None, ("none", CausalActivation.None), ("silu", CausalActivation.Silu), ("swish", CausalActivation.Swish));

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || (c.Has(2) && !c.Require(2, type)) || (c.Has(3) && !c.Require(3, type)))
        {
            return;
        }

        c.Set(0, type, c.Shape(0));
        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(1, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0), w = c.Shape(1);
        if (x.Rank != 3 || w.Rank != 3 || Dim.ProvablyDifferent(x[1], w[0]) || Dim.ProvablyDifferent(w[1], 1) || w[2] == Dim.Zero)
        {
            c.Error("PG2223", $"the input {x} must be [batch,channels,length] and the weights {w} [channels,1,k] with k of at least 1.");
            return;
        }

        Shape state = [x[0], x[1], w[2] - 1];
        ConvolutionInference.CheckBias(c, 2, x[1]);
        if (c.Has(3) && c.IsRanked(3) && (c.Shape(3).Rank != 3 || Enumerable.Range(0, 3).Any(i => Dim.ProvablyDifferent(c.Shape(3)[i], state[i]))))
        {
            c.Error("PG2223", $"past_state has the shape {c.Shape(3)}, but must have {state}.");
            return;
        }

        c.Set(1, type, state);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0), w = c.Read<double>(1), bias = c.Has(2) ? c.Read<double>(2) : default, past = c.Has(3) ? c.Read<double>(3) : default;
        Span<double> y = c.Write<double>(0), present = c.Wants(1) ? c.Write<double>(1) : default;
        int channels = (int)c.Dims(0)[1], length = (int)c.Dims(0)[2], k = (int)c.Dims(1)[2], carried = k - 1;
        Span<double> line = c.Scratch<double>((long)carried + length);
        for (int row = 0; row < (int)c.Dims(0)[0] * channels; row++)
        {
            int channel = row % channels;
            line.Clear();
            if (!past.IsEmpty)
            {
                past.Slice(row * carried, carried).CopyTo(line);
            }

            x.Slice(row * length, length).CopyTo(line[carried..]);
            for (int t = 0; t < length; t++)
            {
                double sum = bias.IsEmpty ? 0 : bias[channel];
                for (int tap = 0; tap < k; tap++)
                {
                    sum += w[(channel * k) + tap] * line[t + tap];
                }

                y[(row * length) + t] = Activation == CausalActivation.None ? sum : sum / (1 + Math.Exp(-sum));
            }

            if (!present.IsEmpty)
            {
                line[length..].CopyTo(present.Slice(row * carried, carried));
            }
        }
    }
}
