using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>What the way in which a value was made tells of its sign.</summary>
internal static class NonNegative
{
    private const int Depth = 8;

    /// <summary>Whether no element can be less than 0 (NaN and −0 it may be).</summary>
    public static bool Holds(Value value) => Holds(value, Depth);

    private static bool Holds(Value value, int depth)
    {
        if (value.Constant is not null)
        {
            return ConstantArithmetic.Elements(value, 4096) is { } elements && Array.TrueForAll(elements, e => e >= 0);
        }

        if (depth == 0 || value.Producer is not { } node || value.OutputIndex != 0 || value.Tensor?.ElementType.IsFloat() != true)
        {
            return false;
        }

        return node.Operator switch
        {
            Relu or Abs or Exp or Sigmoid or HardSigmoid or Softmax or Softplus or ReduceSumSquare or ReduceL1 or ReduceL2 => true,
            Mul => node.Inputs[0] == node.Inputs[1] || All(node.Inputs, depth),
            Add or Concat => All(node.Inputs, depth),
            Pow => ConstantArithmetic.Scalar(node.Inputs[1]) is { } power && power % 2 == 0,
            ReduceMean or ReduceSum or Sqrt or Reshape or Transpose or Slice or Squeeze or Unsqueeze or Flatten => Holds(node.Inputs[0]!, depth - 1),
            Clip => node.Inputs.Count > 1 && ConstantArithmetic.Scalar(node.Inputs[1]) >= 0 && (node.Inputs.Count < 3 || node.Inputs[2] is null || ConstantArithmetic.Scalar(node.Inputs[2]) >= 0),
            _ => false,
        };
    }

    private static bool All(IReadOnlyList<Value?> inputs, int depth) => inputs.All(i => i is not null && Holds(i, depth - 1));
}
