using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>x · sigmoid(x) → Swish(x); x · sigmoid(α·x) with a constant α → Swish(x) {alpha=α}.</summary>
public sealed class FuseSwish : Rewrite
{
    private static readonly Var X = new(), Alpha = new();

    public override Pattern Pattern { get; } = Op<Mul>(X, OneOf(Op<Sigmoid>(X).SingleUse(), Op<Sigmoid>(Op<Mul>(X, Alpha.ScalarConstant()).SingleUse()).SingleUse()));

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%x, %s) return %y }",
        "graph(%x: f32[N,3]) { %a = Mul(@f32[]{1.702}, %x) %s = Sigmoid(%a) %y = Mul(%s, %x) return %y }",
    ];

    // A constant of more dimensions than x would widen the result.
    public override bool When(Match m) => m.Find(Alpha) is not { } alpha || alpha.Constant!.Data.Rank == 0 || (m[X].Tensor is { Shape.IsRanked: true } x && alpha.Constant.Data.Rank <= x.Shape.Rank);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Swish(m.Find(Alpha) is { } alpha ? (float)ConstantArithmetic.Scalar(alpha)!.Value : 1), m[X]);
}
