using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>A Pad by nothing → x. All pads must be 0: what is cut at one end and added at the other leaves the shape as it was.</summary>
public sealed class RemoveEmptyPad : Rewrite
{
    private static readonly Var X = new(), Pads = new();

    public override Pattern Pattern { get; } = Op<Pad>(X, Pads, Any.Optional(), Any.Optional());

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %a = Pad(%x, @s64[4]{0,0,0,0}) %y = Transpose(%a) {perm=[1,0]} return %y }"];

    public override bool When(Match m) => m[Pads].Contents?.All(p => p.IsConstant && p.Constant == 0) == true;

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
