using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>LayerNormalization(x, scale) without a bias + b, b constant → LayerNormalization(x, scale, b).</summary>
public sealed class FuseNormalizationBias : Rewrite
{
    private static readonly Var X = new(), Scale = new(), Bias = new();
    private static readonly Capture<LayerNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<LayerNormalization>(X, Scale).As(Normalization).SingleUse(), Bias.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3,6]) { %n = LayerNormalization(%x, @f32[6]) %y = Add(@f32[6], %n) return %y }"];

    public override bool When(Match m) =>
        m[X].HasTypeOf(m.Output) && m.NodeOf(Normalization).Outputs.Skip(1).All(o => o is null or { Uses.Count: 0 }) && TrailingAxes.Covers(m[Bias], m[X], m.Get(Normalization).Axis);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(m.Get(Normalization), m[X], m[Scale], m[Bias]);
}
