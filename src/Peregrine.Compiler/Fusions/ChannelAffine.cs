using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>y = x · <paramref name="Scale"/> + <paramref name="Shift"/> per channel: two constant vectors of doubles with one element per channel.</summary>
internal sealed record ChannelAffine(Value Scale, Value Shift)
{
    /// <summary>
    /// Whether a node with this result is a batch normalization outside of training whose statistics have one element per channel. Inference has checked that only where it knew the
    /// number of channels; where it knows the result's rank, it has checked the shapes of what is before.
    /// </summary>
    public static bool IsOf(BatchNormalization normalization, Value result, long channels, params ReadOnlySpan<Value> statistics)
    {
        bool fits = !normalization.TrainingMode && result.Tensor is { Shape: { IsRanked: true, Rank: >= 2 } };
        foreach (Value vector in statistics)
        {
            fits &= vector.Constant!.Data is { Rank: 1 } data && data.Length == channels;
        }

        return fits;
    }

    /// <summary>What a batch normalization with constant statistics does: scale = γ / √(variance + ε), shift = β − mean · scale.</summary>
    public static ChannelAffine Of(GraphBuilder g, float epsilon, Value gamma, Value beta, Value mean, Value variance)
    {
        Value deviation = ConstantArithmetic.Compute(g, new Sqrt(), ConstantArithmetic.Compute(g, new Add(), ConstantArithmetic.ToDouble(g, variance), ConstantArithmetic.Literal(g, epsilon)));
        Value scale = ConstantArithmetic.Compute(g, new Div(), ConstantArithmetic.ToDouble(g, gamma), deviation);
        Value moved = ConstantArithmetic.Compute(g, new Mul(), ConstantArithmetic.ToDouble(g, mean), scale);
        return new(scale, ConstantArithmetic.Compute(g, new Sub(), ConstantArithmetic.ToDouble(g, beta), moved));
    }

    /// <summary>The bias that follows from <paramref name="bias"/> (a vector of one element per channel, or null for none), in <paramref name="type"/>.</summary>
    public Value Bias(GraphBuilder g, Value? bias, DataType type)
    {
        Value result = bias is null ? Shift
            : ConstantArithmetic.Compute(g, new Add(), ConstantArithmetic.Compute(g, new Mul(), ConstantArithmetic.ToDouble(g, bias), Scale), Shift);
        return ConstantArithmetic.To(g, result, type);
    }

    /// <summary>Weights whose axis <paramref name="axis"/> is the channel, multiplied by the scale.</summary>
    public Value Weights(GraphBuilder g, Value weights, int axis)
    {
        Tensor data = weights.Constant!.Data;
        long[] dims = new long[data.Rank - axis];
        Array.Fill(dims, 1);
        dims[0] = data.Dims[axis];
        return ConstantArithmetic.Compute(g, new Mul(), weights, ConstantArithmetic.To(g, ConstantArithmetic.Reshape(g, Scale, dims), data.Type));
    }

    /// <summary>Weights [C, M/groups, …] of a transposed convolution: its channel m lies at column m mod (M/groups) of the rows of group m div (M/groups).</summary>
    public Value TransposedWeights(GraphBuilder g, Value weights, long groups)
    {
        Tensor data = weights.Constant!.Data;
        if (groups == 1)
        {
            return Weights(g, weights, 1);
        }

        long[] dims = data.Dims.ToArray(), scale = new long[dims.Length + 1];
        Array.Fill(scale, 1);
        (scale[0], scale[2]) = (groups, dims[1]);
        Value grouped = ConstantArithmetic.Reshape(g, weights, [groups, dims[0] / groups, .. dims[1..]]);
        Value scaled = ConstantArithmetic.Compute(g, new Mul(), grouped, ConstantArithmetic.To(g, ConstantArithmetic.Reshape(g, Scale, scale), data.Type));
        return ConstantArithmetic.Reshape(g, scaled, dims);
    }
}
