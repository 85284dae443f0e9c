using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>BatchNormalization(Conv(x, W, b)) with constant statistics → Conv(x, W·s, (b − mean)·s + β), s = γ / √(variance + ε). Not in training mode, where the statistics are those of the batch.</summary>
public sealed class FuseConvBatchNormalization : Rewrite
{
    private static readonly Var X = new(), W = new(), B = new(), Gamma = new(), Beta = new(), Mean = new(), Variance = new();
    private static readonly Capture<Conv> Convolution = new();
    private static readonly Capture<BatchNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<BatchNormalization>(
        Op<Conv>(X, W.Constant(), B.Constant().Optional()).As(Convolution).SingleUse(), Gamma.Constant(), Beta.Constant(), Mean.Constant(), Variance.Constant()).As(Normalization);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        """
        graph(%x: f32[N,3,8,8]) {
          %c = Conv(%x, %w@f32[4,3,3,3]) {pads=[1,1,1,1]}
          %y = BatchNormalization(%c, @f32[4], @f32[4], @f32[4], @f32[4]{0.5,1.5,1,0.25}) {epsilon=0.001}
          return %y
        }
        """,
        """
        graph(%x: f32[N,4,6]) {
          %c = Conv(%x, %w@f32[6,2,3], @f32[6]) {group=2}
          %y = BatchNormalization(%c, @f32[6], @f32[6], @f32[6], @f32[6]{0.5,1.5,1,0.25,2,3})
          return %y
        }
        """,
    ];

    public override bool When(Match m) =>
        m[W].Constant!.Data.Rank >= 3 && ChannelAffine.IsOf(m.Get(Normalization), m.Output, m[W].Constant!.Data.Dims[0], m[Gamma], m[Beta], m[Mean], m[Variance]);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        g.NodeName = m.NodeOf(Convolution).Name;
        ChannelAffine affine = ChannelAffine.Of(g, m.Get(Normalization).Epsilon, m[Gamma], m[Beta], m[Mean], m[Variance]);
        return g.Call(m.Get(Convolution), m[X], affine.Weights(g, m[W], 0), affine.Bias(g, m.Find(B), m[W].Tensor!.ElementType));
    }
}
