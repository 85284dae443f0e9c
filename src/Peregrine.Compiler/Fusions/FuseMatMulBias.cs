using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>a·b + c of matrices, c constant and the same for all rows → Gemm(a, b, c).</summary>
public sealed class FuseMatMulBias : Rewrite
{
    private static readonly Var A = new(), B = new(), C = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<MatMul>(A, B).SingleUse(), C.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %c = MatMul(%x, %w@f32[3,2]) %y = Add(%c, @f32[2]) return %y }",
        "graph(%x: f32[N,3], %w: f32[3,4]) { %c = MatMul(%x, %w) %y = Add(@f32[1,4], %c) return %y }",
    ];

    // The result's own last extent must be the bias's: then the sum has the product's shape.
    public override bool When(Match m) =>
        m.Output.Tensor!.ElementType.IsFloat() && LinearWeights.IsMatrix(m[A]) && LinearWeights.IsMatrix(m[B]) && m[B].Tensor!.Shape[1] is { IsConstant: true } columns && m[C].Constant!.Data.Rank <= 2
        && ChannelConstant.Varies(m[C], 2, 1, columns.Constant);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Gemm(), m[A], m[B], ChannelConstant.ToVector(g, m[C], m[B].Tensor!.Shape[1].Constant));
}
