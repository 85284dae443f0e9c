using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>What a Clip or Relu over floats limits its operand to; infinite where it does not limit.</summary>
internal readonly record struct ClipBounds(double Low, double High)
{
    /// <summary>The bounds; null if they are not known, or in the wrong order, or the elements are no floats.</summary>
    public static ClipBounds? Of(Node node)
    {
        if (node.Outputs[0]?.Tensor?.ElementType.IsFloat() != true)
        {
            return null;
        }

        if (node.Operator is Relu)
        {
            return new(0, double.PositiveInfinity);
        }

        double? low = Bound(node, 1, double.NegativeInfinity), high = Bound(node, 2, double.PositiveInfinity);
        return low <= high ? new(low.Value, high.Value) : null;
    }

    /// <summary>Both limits one after the other as one; null if their ranges don't overlap.</summary>
    public ClipBounds? Then(ClipBounds? next)
    {
        if (next is not { } other)
        {
            return null;
        }

        ClipBounds both = new(Math.Max(Low, other.Low), Math.Min(High, other.High));
        return both.Low <= both.High ? both : null;
    }

    public Value Build(GraphBuilder g, Value x)
    {
        DataType type = x.Tensor!.ElementType;
        return this is { Low: 0, High: double.PositiveInfinity } ? g.Call(new Relu(), x)
            : g.Call(new Clip(), x,
                double.IsInfinity(Low) ? null : ConstantArithmetic.Literal(g, Low, type),
                double.IsInfinity(High) ? null : ConstantArithmetic.Literal(g, High, type));
    }

    private static double? Bound(Node node, int input, double absent) => input < node.Inputs.Count && node.Inputs[input] is { } bound ? ConstantArithmetic.Scalar(bound) : absent;
}
