using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))), its factors in any order → Gelu(x) {approximate=tanh}.</summary>
public sealed class FuseTanhGelu : GatedHalfRewrite
{
    private static readonly Var X = new();
    private static readonly Pattern Square = OneOf(Op<Mul>(X, X), Op<Pow>(X, Near.To(2))).SingleUse();
    private static readonly Pattern Cube = OneOf(Op<Pow>(X, Near.To(3)), Op<Mul>(X, Square)).SingleUse();
    private static readonly Pattern Cubic = OneOf(Op<Mul>(Cube, Near.To(0.044715)), Op<Mul>(X, Op<Mul>(Square, Near.To(0.044715)).SingleUse()), Op<Mul>(Op<Mul>(X, Near.To(0.044715)).SingleUse(), Square)).SingleUse();
    private static readonly Pattern Inner = OneOf(Op<Add>(X, Cubic), Op<Mul>(X, Op<Add>(Op<Mul>(Square, Near.To(0.044715)).SingleUse(), Near.To(1)).SingleUse())).SingleUse();

    public override Pattern Pattern { get; } = GatedHalf(X, Op<Tanh>(OneOf(
        Op<Mul>(Inner, Near.To(Math.Sqrt(2 / Math.PI))).SingleUse(),
        Op<Mul>(Op<Mul>(X, Near.To(Math.Sqrt(2 / Math.PI))).SingleUse(), Op<Add>(Op<Mul>(Square, Near.To(0.044715)).SingleUse(), Near.To(1)).SingleUse()).SingleUse())));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        """
        graph(%x: f32[N,3]) {
          %h = Mul(%x, @f32[]{0.5}) %p = Pow(%x, @f32[]{3}) %c = Mul(%p, @f32[]{0.044715}) %a = Add(%x, %c)
          %m = Mul(%a, @f32[]{0.7978846}) %t = Tanh(%m) %g = Add(%t, @f32[]{1}) %y = Mul(%h, %g)
          return %y
        }
        """,
        """
        graph(%x: f32[N,3]) {
          %q = Mul(%x, %x) %r = Mul(%q, @f32[]{0.044715}) %c = Mul(%x, %r) %a = Add(%c, %x)
          %m = Mul(@f32[]{0.7978846}, %a) %t = Tanh(%m) %g = Add(@f32[]{1}, %t) %h = Mul(%g, @f32[]{0.5}) %y = Mul(%x, %h)
          return %y
        }
        """,
        """
        graph(%x: f32[N,3]) {
          %s = Mul(%x, @f32[]{0.7978846}) %q = Mul(%x, %x) %r = Mul(%q, @f32[]{0.044715}) %o = Add(%r, @f32[]{1})
          %m = Mul(%s, %o) %t = Tanh(%m) %g = Add(%t, @f32[]{1}) %w = Mul(%x, %g) %y = Mul(%w, @f32[]{0.5})
          return %y
        }
        """,
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Gelu(GeluForm.Tanh), m[X]);
}
