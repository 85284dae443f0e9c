using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// MatMul(a, Transpose(b)) for a matrix b → Gemm that reads b transposed. Where a has more dimensions, its rows are taken as those of one matrix, and the product's are laid out
/// again: both cost nothing, a transposition of the weights would cost their whole size.
/// </summary>
public sealed class FuseTransposeMatMul : Rewrite
{
    private static readonly Var A = new(), B = new();

    public override Pattern Pattern { get; } = Op<MatMul>(A, Op<Transpose>(B));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3], %w: f32[4,3]) { %t = Transpose(%w) {perm=[1,0]} %y = MatMul(%x, %t) return %y }",
        "graph(%x: f32[N,M,3], %w: f32[4,3]) { %t = Transpose(%w) {perm=[1,0]} %y = MatMul(%x, %t) return %y }",
        "graph(%x: f32[2,N,5,3]) { %t = Transpose(%w@f32[4,3]) %y = MatMul(%x, %t) return %y }",
    ];

    public override bool When(Match m) =>
        m.Output.Tensor!.ElementType.IsFloat() && LinearWeights.IsMatrix(m[B]) && TransposeMotion.Permutation(m.Root.Inputs[1]) is [1, 0] && m[A].Tensor is { Shape: { IsRanked: true, Rank: >= 2 } }
        // An extent of 0 cannot be told from "the rest" in a reshape's target.
        && m[B].Tensor!.Shape.All(d => d.IsConstant && d.Constant > 0 || LinearWeights.IsMatrix(m[A]));

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Gemm product = new(TransB: true);
        if (LinearWeights.IsMatrix(m[A]))
        {
            return g.Call(product, m[A], m[B]);
        }

        Value rows = g.Call(new Reshape(), m[A], g.Constant("rows", -1, m[B].Tensor!.Shape[1].Constant));
        Value leading = g.Call(new ShapeOf(End: -1), m[A]);
        Value shape = g.Call(new Concat(0), leading, g.Constant("columns", m[B].Tensor!.Shape[0].Constant));
        return g.Call(new Reshape(AllowZero: true), g.Call(product, rows, m[B]), shape);
    }
}
