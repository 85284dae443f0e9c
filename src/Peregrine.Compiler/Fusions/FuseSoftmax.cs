using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>e = exp(x − max(x)); e / Σe along one axis → Softmax(x).</summary>
public sealed class FuseSoftmax : Rewrite
{
    private static readonly Var X = new(), MaxAxes = new(), SumAxes = new();
    private static readonly Capture<ReduceMax> Max = new();
    private static readonly Capture<ReduceSum> Sum = new();
    private static readonly Pattern Power = Op<Exp>(Op<Sub>(X, Op<ReduceMax>(X, MaxAxes).As(Max)));

    public override Pattern Pattern { get; } = Op<Div>(Power, Op<ReduceSum>(Power, SumAxes).As(Sum));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,4]) { %m = ReduceMax(%x, @s64[1]{1}) %d = Sub(%x, %m) %e = Exp(%d) %s = ReduceSum(%e, @s64[1]{-2}) %y = Div(%e, %s) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X) && Axis(m.Get(Max), m, MaxAxes) is { } axis && Axis(m.Get(Sum), m, SumAxes) == axis;

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Softmax(Axis(m.Get(Max), m, MaxAxes)!.Value), m[X]);

    private static long? Axis(Reduction reduction, Match m, Var axes) =>
        reduction.KeepDims && m[axes].Contents is [{ IsConstant: true } axis] ? axis.Constant < 0 ? axis.Constant + m[X].Tensor!.Shape.Rank : axis.Constant : null;
}
