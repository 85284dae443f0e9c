using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>A Cast to the type that x has → x.</summary>
public sealed class RemoveUnchangingCast : Rewrite
{
    private static readonly Var X = new();

    public override Pattern Pattern { get; } = Op<Cast>(X);

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %a = Cast(%x) {to=1} %y = Transpose(%a) {perm=[1,0]} return %y }"];

    public override bool When(Match m) => m[X].Tensor is { } from && from.ElementType == m.Output.Tensor?.ElementType;

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
