using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>A Transpose that keeps every axis in its place → x.</summary>
public sealed class RemoveIdentityTranspose : Rewrite
{
    private static readonly Var X = new();
    private static readonly Capture<Transpose> Operator = new();

    public override Pattern Pattern { get; } = Op<Transpose>(X).As(Operator);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Transpose(%x) {perm=[0,1]} %y = Flatten(%a) {axis=0} return %y }",
        "graph(%x: f32[N]) { %a = Transpose(%x) %y = Reshape(%a, @s64[2]{-1,1}) return %y }",
    ];

    public override bool When(Match m) => TransposePermutation.Of(m.Get(Operator), m[X]) is { } axes && axes.SequenceEqual(Enumerable.Range(0, axes.Length));

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
