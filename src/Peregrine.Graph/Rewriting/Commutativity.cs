using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Rewriting;

/// <summary>Whether a node's two inputs may change places. It follows from the pointwise body: nobody has to declare it.</summary>
internal static class Commutativity
{
    public static bool Holds(Node node)
    {
        if (node.Operator is not PointwiseOperator op || node.Inputs.Count != 2 || node.Inputs[0]?.Tensor is not { } left || node.Inputs[1]?.Tensor is not { } right)
        {
            return false;
        }

        DataType[] types = [left.ElementType, right.ElementType];
        return op.Body(new(types)) is BinaryExpr { Left: OperandExpr { Index: 0 }, Right: OperandExpr { Index: 1 }, Function: var function }
            && function is BinaryFunction.Add or BinaryFunction.Multiply or BinaryFunction.Min or BinaryFunction.Max or BinaryFunction.Equal
                or BinaryFunction.And or BinaryFunction.Or or BinaryFunction.Xor or BinaryFunction.BitAnd or BinaryFunction.BitOr or BinaryFunction.BitXor;
    }
}
