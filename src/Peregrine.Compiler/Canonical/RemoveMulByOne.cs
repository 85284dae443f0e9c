using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>x · 1 → x, where the ones don't widen the shape. Exact for every float.</summary>
public sealed class RemoveMulByOne : Rewrite
{
    private static readonly Var X = new(), One = new();

    public override Pattern Pattern { get; } = Op<Mul>(X, One.Constant());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Mul(%x, @f32[3]{1,1,1}) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: s64[N,3]) { %a = Mul(@s64[]{1}, %x) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) => m[X].HasTypeOf(m.Output) && NeutralConstant.IsOne(m[One].Constant!.Data);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
