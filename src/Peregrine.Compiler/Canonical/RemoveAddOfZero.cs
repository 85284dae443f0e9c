using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>x + 0 → x, where the zeros don't widen the shape. Only for integers and for −0: x + (+0) turns −0 into +0, which a division by it shows.</summary>
public sealed class RemoveAddOfZero : Rewrite
{
    private static readonly Var X = new(), Zero = new();

    public override Pattern Pattern { get; } = Op<Add>(X, Zero.Constant());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: s64[N,3]) { %a = Add(%x, @s64[3]{0,0,0}) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: f32[N,3]) { %a = Add(@f32[]{-0}, %x) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) => m[X].HasTypeOf(m.Output) && NeutralConstant.IsNeutralForAdd(m[Zero].Constant!.Data);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
