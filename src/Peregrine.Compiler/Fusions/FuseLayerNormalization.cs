using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// (x − mean(x)) / √(mean((x − mean(x))²) + ε) over the last axes → LayerNormalization with a scale of ones; <see cref="FuseNormalizationScale"/> and
/// <see cref="FuseNormalizationBias"/> add what follows. All means must be over the same axes.
/// </summary>
public sealed class FuseLayerNormalization : Rewrite
{
    private static readonly Var X = new(), Axes = new(), VarianceAxes = new(), Epsilon = new();
    private static readonly Capture<ReduceMean> Mean = new(), Variance = new();
    private static readonly Pattern Centred = Op<Sub>(X, Op<ReduceMean>(X, Axes).As(Mean));
    private static readonly Pattern Deviation = Op<Sqrt>(Op<Add>(
        Op<ReduceMean>(OneOf(Op<Pow>(Centred, Near.To(2)), Op<Mul>(Centred, Centred)), VarianceAxes).As(Variance), Epsilon.ScalarConstant()));

    public override Pattern Pattern { get; } = Op<Div>(Centred, Deviation);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        """
        graph(%x: f32[N,M,6]) {
          %m = ReduceMean(%x, @s64[1]{-1}) %d = Sub(%x, %m) %q = Pow(%d, @f32[]{2}) %v = ReduceMean(%q, @s64[1]{2})
          %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%d, %s)
          return %y
        }
        """,
        """
        graph(%x: f32[N,3,6]) {
          %m = ReduceMean(%x, @s64[2]{-2,-1}) %d = Sub(%x, %m) %q = Mul(%d, %d) %v = ReduceMean(%q, @s64[2]{1,2})
          %e = Add(@f32[]{0.001}, %v) %s = Sqrt(%e) %y = Div(%d, %s)
          return %y
        }
        """,
    ];

    public override bool When(Match m) =>
        FloatOperand.KeepsType(m, X)
        && TrailingAxes.First(m.Get(Mean), m[X], m[Axes]) is { } first && TrailingAxes.First(m.Get(Variance), m[X], m[VarianceAxes]) == first
        && m[Epsilon].Constant!.Data.Rank <= m[X].Tensor!.Shape.Rank && ConstantArithmetic.Scalar(m[Epsilon]) is >= 0;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int first = TrailingAxes.First(m.Get(Mean), m[X], m[Axes])!.Value;
        return g.Call(new LayerNormalization(first - m[X].Tensor!.Shape.Rank, (float)ConstantArithmetic.Scalar(m[Epsilon])!.Value), m[X], TrailingAxes.Ones(g, m[X], first));
    }
}
