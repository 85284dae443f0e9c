using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>BatchNormalization(Gemm(a, B, c)) with constant statistics → Gemm with scaled columns of B and a new bias; c must be constant and the same for all rows.</summary>
public sealed class FuseGemmBatchNormalization : Rewrite
{
    private static readonly Var A = new(), B = new(), C = new(), Gamma = new(), Beta = new(), Mean = new(), Variance = new();
    private static readonly Capture<Gemm> Product = new();
    private static readonly Capture<BatchNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<BatchNormalization>(
        Op<Gemm>(A, B.Constant(), C.Constant().Optional()).As(Product).SingleUse(), Gamma.Constant(), Beta.Constant(), Mean.Constant(), Variance.Constant()).As(Normalization);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %c = Gemm(%x, %w@f32[3,2]) %y = BatchNormalization(%c, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }",
        "graph(%x: f32[N,3]) { %c = Gemm(%x, %w@f32[2,3], @f32[1,2]) {alpha=0.5, beta=2, transB=1} %y = BatchNormalization(%c, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }",
    ];

    public override bool When(Match m) =>
        ChannelAffine.IsOf(m.Get(Normalization), m.Output, LinearWeights.Columns(m.Get(Product), m[B]), m[Gamma], m[Beta], m[Mean], m[Variance])
        && m[B].Tensor!.ElementType.IsFloat() && (m.Find(C) is not { } c || ChannelConstant.Varies(c, 2, 1, LinearWeights.Columns(m.Get(Product), m[B])));

    public override Value? Apply(Match m, GraphBuilder g)
    {
        g.NodeName = m.NodeOf(Product).Name;
        Gemm product = m.Get(Product);
        ChannelAffine affine = ChannelAffine.Of(g, m.Get(Normalization).Epsilon, m[Gamma], m[Beta], m[Mean], m[Variance]);
        Value? bias = m.Find(C) is { } c
            ? ConstantArithmetic.Compute(g, new Mul(), ConstantArithmetic.ToDouble(g, ChannelConstant.ToVector(g, c, LinearWeights.Columns(product, m[B]))), ConstantArithmetic.Literal(g, product.Beta))
            : null;
        return g.Call(product with { Beta = 1 }, m[A], affine.Weights(g, m[B], product.TransB ? 0 : 1), affine.Bias(g, bias, m[B].Tensor!.ElementType));
    }
}
