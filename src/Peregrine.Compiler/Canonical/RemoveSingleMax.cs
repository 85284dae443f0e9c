using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>Max of one tensor → that tensor.</summary>
public sealed class RemoveSingleMax : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Max>(X);

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %a = Max(%x) %y = Transpose(%a) {perm=[1,0]} return %y }"];

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
