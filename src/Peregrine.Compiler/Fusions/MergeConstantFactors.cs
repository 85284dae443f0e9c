using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>(x·a)·b → x·(ab) and (x/a)·b → x·(b/a) for float constants.</summary>
public sealed class MergeConstantFactors : Rewrite
{
    private static readonly Var X = new(), A = new(), B = new();

    public override Pattern Pattern { get; } = Op<Mul>(OneOf(Op<Mul>(X, A.Constant()), Op<Div>(X, A.Constant())).SingleUse(), B.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Mul(%x, @f32[]{2}) %y = Mul(%a, @f32[3]{3,0.7,-5}) return %y }",
        "graph(%x: f32[N,3]) { %a = Div(%x, @f32[3]{3,0.7,-5}) %y = Mul(@f32[]{0.3}, %a) return %y }",
    ];

    public override bool When(Match m) => ConstantFactor.KeepsSize(m[A], m[B], m[X], m.Output);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        bool divides = m.Nodes.Any(n => n.Operator is Div);
        return ConstantFactor.Combine(g, divides ? new Div() : new Mul(), m[B], m[A]) is { } factor ? g.Call(new Mul(), m[X], factor) : null;
    }
}
