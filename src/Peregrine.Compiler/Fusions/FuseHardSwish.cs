using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>x · HardSigmoid(x) {alpha=1/6, beta=1/2}, or x · clip(x + 3, 0, 6) / 6 → HardSwish(x).</summary>
public sealed class FuseHardSwish : Rewrite
{
    private static readonly Var X = new();
    private static readonly Pattern Clipped = Op<Mul>(X, Op<Clip>(Op<Add>(X, Near.To(3)).SingleUse(), Near.To(0), Near.To(6)).SingleUse()).SingleUse();

    public override Pattern Pattern { get; } = OneOf(
        Op<Mul>(X, Op<HardSigmoid>(X).Where(v => v.Producer!.Operator is HardSigmoid { Alpha: > 0.166665f and < 0.166668f, Beta: 0.5f }, v => $"{v} has other factors").SingleUse()),
        Op<Div>(Clipped, Near.To(6)),
        Op<Mul>(Clipped, Near.To(1.0 / 6)));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %s = HardSigmoid(%x) {alpha=0.16666667, beta=0.5} %y = Mul(%s, %x) return %y }",
        "graph(%x: f32[N,3]) { %a = Add(%x, @f32[]{3}) %c = Clip(%a, @f32[]{0}, @f32[]{6}) %m = Mul(%x, %c) %y = Div(%m, @f32[]{6}) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new HardSwish(), m[X]);
}
