using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Pow(x, ½) → √x and Pow(x, −½) → 1/√x for floats that cannot be negative: pow(−∞, ½) is +∞, but √−∞ NaN.</summary>
public sealed class RootOfPow : Rewrite
{
    private static readonly Var X = new(), Power = new();

    public override Pattern Pattern { get; } = Op<Pow>(X.Where(NonNegative.Holds, v => $"{v} may be negative"), Power.ScalarConstant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %r = Abs(%x) %y = Pow(%r, @f32[]{0.5}) return %y }",
        "graph(%x: f32[N,3]) { %q = Mul(%x, %x) %r = Add(%q, @f32[]{0.001}) %y = Pow(%r, @f32[]{-0.5}) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X) && ConstantArithmetic.Scalar(m[Power]) is 0.5 or -0.5;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Value root = g.Call(new Sqrt(), m[X]);
        return ConstantArithmetic.Scalar(m[Power]) > 0 ? root : g.Call(new Reciprocal(), root);
    }
}
