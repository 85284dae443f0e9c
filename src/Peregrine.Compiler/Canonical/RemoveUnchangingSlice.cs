using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>A Slice of everything → x. Steps must be 1: a reversed tensor has the same shape.</summary>
public sealed class RemoveUnchangingSlice : Rewrite
{
    private static readonly Var X = new(), Steps = new();

    public override Pattern Pattern { get; } = Op<Slice>(X, Any, Any, Any.Optional(), Steps.Optional());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Slice(%x, @s64[1]{0}, @s64[1]{9223372036854775807}, @s64[1]{1}) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: f32[2,3]) { %a = Slice(%x, @s64[2]{0,-3}, @s64[2]{2,100}, _, @s64[2]{1,1}) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) =>
        m[X].HasTypeOf(m.Output) && (m.Find(Steps) is not { } steps || steps.Contents?.All(s => s.IsConstant && s.Constant == 1) == true);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
