using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>An Expand to the very shape that x has → x.</summary>
public sealed class RemoveUnchangingExpand : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Expand>(X, Any);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Expand(%x, @s64[1]{3}) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: f32[N,3]) { %s = Shape(%x) %a = Expand(%x, %s) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) => m[X].HasTypeOf(m.Output);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
