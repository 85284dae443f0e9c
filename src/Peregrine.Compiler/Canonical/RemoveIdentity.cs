using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>Identity(x) → x.</summary>
public sealed class RemoveIdentity : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Identity>(X);

    public override IEnumerable<string> Examples => ["""graph(%x: f32[N,3]) { %a = Identity(%x) %y = Transpose(%a) {perm=[1,0]} return %y, %a as "second" }"""];

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
