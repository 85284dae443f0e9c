using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Samples;

// <rewrite>
/// <summary>x · sigmoid(x) → Swish(x).</summary>
public sealed class FuseSwish : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Mul>(X, Op<Sigmoid>(X).SingleUse());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%x, %s) return %y }",
        "graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%s, %x) return %y }",
    ];

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Swish(), m[X]);
}
// </rewrite>
