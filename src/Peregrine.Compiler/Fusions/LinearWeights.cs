using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Compiler.Fusions;

/// <summary>Facts about the operands of matrix products.</summary>
internal static class LinearWeights
{
    /// <summary>The columns of the product with a constant B.</summary>
    public static long Columns(Gemm op, Value b) => b.Constant!.Data.Dims[op.TransB ? 0 : 1];

    public static bool IsMatrix(Value value) => value.Tensor is { Shape: { IsRanked: true, Rank: 2 } };
}
