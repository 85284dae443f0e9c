using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>x/2 · (1 + erf(x/√2)), its factors in any order → Gelu(x).</summary>
public sealed class FuseGelu : GatedHalfRewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = GatedHalf(X, Op<Erf>(OneOf(Op<Div>(X, Near.To(Math.Sqrt(2))).SingleUse(), Op<Mul>(X, Near.To(Math.Sqrt(0.5))).SingleUse())));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %d = Div(%x, @f32[]{1.4142135}) %e = Erf(%d) %g = Add(%e, @f32[]{1}) %h = Mul(%x, @f32[]{0.5}) %y = Mul(%h, %g) return %y }",
        "graph(%x: f32[N,3]) { %d = Div(%x, @f32[]{1.4142135}) %e = Erf(%d) %g = Add(%e, @f32[]{1}) %h = Mul(%x, %g) %y = Mul(%h, @f32[]{0.5}) return %y }",
        "graph(%x: f32[N,3]) { %d = Mul(%x, @f32[]{0.70710677}) %e = Erf(%d) %g = Add(@f32[]{1}, %e) %h = Mul(@f32[]{0.5}, %g) %y = Mul(%h, %x) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Gelu(), m[X]);
}
