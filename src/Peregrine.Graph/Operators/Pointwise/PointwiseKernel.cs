using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The reference kernel of all pointwise operators: the body's expression over blocks of elements, floats in double, integers in 64 bits.</summary>
internal static class PointwiseKernel
{
    public static void Run(PointwiseOperator op, EvaluationScope c) => throw new NotSupportedException(op.ToString());
}
