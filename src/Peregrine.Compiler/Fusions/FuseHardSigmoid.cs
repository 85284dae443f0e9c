using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>clip(x + 3, 0, 6) / 6 → HardSigmoid(x) {alpha=1/6, beta=1/2}.</summary>
public sealed class FuseHardSigmoid : Rewrite
{
    private static readonly Var X = new();
    private static readonly Pattern Clipped = Op<Clip>(Op<Add>(X, Near.To(3)).SingleUse(), Near.To(0), Near.To(6)).SingleUse();

    public override Pattern Pattern { get; } = OneOf(Op<Div>(Clipped, Near.To(6)), Op<Mul>(Clipped, Near.To(1.0 / 6)));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Add(%x, @f32[]{3}) %c = Clip(%a, @f32[]{0}, @f32[]{6}) %y = Div(%c, @f32[]{6}) return %y }",
        "graph(%x: f32[N,3]) { %a = Add(@f32[1]{3}, %x) %c = Clip(%a, @f32[]{0}, @f32[]{6}) %y = Mul(%c, @f32[]{0.16666667}) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new HardSigmoid(1f / 6, 0.5f), m[X]);
}
