using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>BatchNormalization(ConvTranspose(x, W, b)) with constant statistics → ConvTranspose with scaled weights and bias, as <see cref="FuseConvBatchNormalization"/>.</summary>
public sealed class FuseConvTransposeBatchNormalization : Rewrite
{
    private static readonly Var X = new(), W = new(), B = new(), Gamma = new(), Beta = new(), Mean = new(), Variance = new();
    private static readonly Capture<ConvTranspose> Convolution = new();
    private static readonly Capture<BatchNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<BatchNormalization>(
        Op<ConvTranspose>(X, W.Constant(), B.Constant().Optional()).As(Convolution).SingleUse(), Gamma.Constant(), Beta.Constant(), Mean.Constant(), Variance.Constant()).As(Normalization);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        """
        graph(%x: f32[N,3,4,4]) {
          %c = ConvTranspose(%x, %w@f32[3,2,3,3]) {strides=[2,2]}
          %y = BatchNormalization(%c, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5})
          return %y
        }
        """,
        """
        graph(%x: f32[N,4,5]) {
          %c = ConvTranspose(%x, %w@f32[4,3,3], @f32[6]) {group=2}
          %y = BatchNormalization(%c, @f32[6], @f32[6], @f32[6], @f32[6]{0.5,1.5,1,0.25,2,3})
          return %y
        }
        """,
    ];

    public override bool When(Match m) =>
        m[W].Constant!.Data.Rank >= 3 && ChannelAffine.IsOf(m.Get(Normalization), m.Output, m[W].Constant!.Data.Dims[1] * m.Get(Convolution).Group, m[Gamma], m[Beta], m[Mean], m[Variance]);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        g.NodeName = m.NodeOf(Convolution).Name;
        ConvTranspose convolution = m.Get(Convolution);
        ChannelAffine affine = ChannelAffine.Of(g, m.Get(Normalization).Epsilon, m[Gamma], m[Beta], m[Mean], m[Variance]);
        return g.Call(convolution, m[X], affine.TransposedWeights(g, m[W], convolution.Group), affine.Bias(g, m.Find(B), m[W].Tensor!.ElementType));
    }
}
