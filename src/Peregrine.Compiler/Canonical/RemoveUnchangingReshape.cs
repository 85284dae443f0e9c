using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>A Reshape to the very shape that x has → x.</summary>
public sealed class RemoveUnchangingReshape : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Reshape>(X, Any);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Reshape(%x, @s64[2]{-1,3}) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: f32[N,M]) { %s = Shape(%x) %a = Reshape(%x, %s) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) => m[X].HasTypeOf(m.Output);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
