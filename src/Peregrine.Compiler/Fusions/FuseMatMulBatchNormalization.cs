using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>BatchNormalization(MatMul(a, B)) of matrices with constant statistics → Gemm(a, B·s, shift). In higher ranks channels are rows of the product, not columns.</summary>
public sealed class FuseMatMulBatchNormalization : Rewrite
{
    private static readonly Var A = new(), B = new(), Gamma = new(), Beta = new(), Mean = new(), Variance = new();
    private static readonly Capture<BatchNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<BatchNormalization>(
        Op<MatMul>(A, B.Constant(rank: 2)).SingleUse(), Gamma.Constant(), Beta.Constant(), Mean.Constant(), Variance.Constant()).As(Normalization);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
        ["graph(%x: f32[N,3]) { %c = MatMul(%x, %w@f32[3,2]) %y = BatchNormalization(%c, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }"];

    public override bool When(Match m) =>
        ChannelAffine.IsOf(m.Get(Normalization), m.Output, m[B].Constant!.Data.Dims[1], m[Gamma], m[Beta], m[Mean], m[Variance]) && LinearWeights.IsMatrix(m[A]) && m[B].Tensor!.ElementType.IsFloat();

    public override Value? Apply(Match m, GraphBuilder g)
    {
        ChannelAffine affine = ChannelAffine.Of(g, m.Get(Normalization).Epsilon, m[Gamma], m[Beta], m[Mean], m[Variance]);
        return g.Call(new Gemm(), m[A], affine.Weights(g, m[B], 1), affine.Bias(g, null, m[B].Tensor!.ElementType));
    }
}
