using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>x / √(mean(x²) + ε) over the last axes → RMSNormalization with a scale of ones; <see cref="FuseNormalizationScale"/> adds the scale that follows.</summary>
public sealed class FuseRMSNormalization : Rewrite
{
    private static readonly Var X = new(), Axes = new(), Epsilon = new();
    private static readonly Capture<ReduceMean> Mean = new();

    public override Pattern Pattern { get; } = Op<Div>(X, Op<Sqrt>(Op<Add>(Op<ReduceMean>(OneOf(Op<Pow>(X, Near.To(2)), Op<Mul>(X, X)), Axes).As(Mean), Epsilon.ScalarConstant())));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,M,6]) { %q = Mul(%x, %x) %v = ReduceMean(%q, @s64[1]{-1}) %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%x, %s) return %y }",
        "graph(%x: f32[N,6]) { %q = Pow(%x, @f32[]{2}) %v = ReduceMean(%q, @s64[1]{1}) %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%x, %s) return %y }",
    ];

    public override bool When(Match m) =>
        FloatOperand.KeepsType(m, X) && TrailingAxes.First(m.Get(Mean), m[X], m[Axes]) is not null
        && m[Epsilon].Constant!.Data.Rank <= m[X].Tensor!.Shape.Rank && ConstantArithmetic.Scalar(m[Epsilon]) is >= 0;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int first = TrailingAxes.First(m.Get(Mean), m[X], m[Axes])!.Value;
        return g.Call(new RMSNormalization(first - m[X].Tensor!.Shape.Rank, (float)ConstantArithmetic.Scalar(m[Epsilon])!.Value), m[X], TrailingAxes.Ones(g, m[X], first));
    }
}
