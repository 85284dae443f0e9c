using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>(x/a)/b → x/(ab) and (x·a)/b → x·(a/b) for float constants.</summary>
public sealed class MergeConstantDivisors : Rewrite
{
    private static readonly Var X = new(), A = new(), B = new();

    public override Pattern Pattern { get; } = Op<Div>(OneOf(Op<Mul>(X, A.Constant()), Op<Div>(X, A.Constant())).SingleUse(), B.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Mul(%x, @f32[]{2}) %y = Div(%a, @f32[3]{3,0.7,-5}) return %y }",
        "graph(%x: f32[N,3]) { %a = Div(%x, @f32[3]{3,0.7,-5}) %y = Div(%a, @f32[]{0.3}) return %y }",
    ];

    public override bool When(Match m) => ConstantFactor.KeepsSize(m[A], m[B], m[X], m.Output);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        bool multiplies = m.Nodes.Any(n => n.Operator is Mul);
        return ConstantFactor.Combine(g, multiplies ? new Div() : new Mul(), m[A], m[B]) is { } constant ? g.Call(multiplies ? new Mul() : new Div(), m[X], constant) : null;
    }
}
