using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Compiler.Fusions;

/// <summary>Reductions over the last axes of a tensor, which normalization operators describe by their first axis.</summary>
internal static class TrailingAxes
{
    /// <summary>The first of the reduced axes, if they are all axes from it to the last and stay as extents of 1; else null.</summary>
    public static int? First(Reduction reduction, Value data, Value? axes)
    {
        if (!reduction.KeepDims || data.Tensor is not { Shape: { IsRanked: true, Rank: > 0 and var rank } } || axes?.Contents is not { Count: > 0 } contents || !contents.All(a => a.IsConstant))
        {
            return null;
        }

        long[] sorted = [.. contents.Select(a => a.Constant < 0 ? a.Constant + rank : a.Constant).Order()];
        return sorted.Select((axis, i) => axis == rank - sorted.Length + i).All(fits => fits) ? rank - sorted.Length : null;
    }

    /// <summary>A scale of ones for the axes from <paramref name="first"/> on.</summary>
    public static Value Ones(GraphBuilder g, Value data, int first)
    {
        Tensors.DataType type = data.Tensor!.ElementType;
        Value one = ConstantArithmetic.Literal(g, 1, type);
        return data.Tensor.Shape.Skip(first).All(d => d.IsConstant && d.Constant is > 0 and < 1 << 20)
            ? ConstantArithmetic.Compute(g, new Expand(), one, g.Constant("peregrine.shape", [.. data.Tensor.Shape.Skip(first).Select(d => d.Constant)]))
            : one;
    }

    /// <summary>Whether an operand varies along the axes from <paramref name="first"/> on only.</summary>
    public static bool Covers(Value operand, Value data, long first) =>
        operand.Tensor is { Shape: { IsRanked: true } own } && data.Tensor is { Shape: { IsRanked: true } shape } && own.Rank <= shape.Rank - (first < 0 ? first + shape.Rank : first);
}
