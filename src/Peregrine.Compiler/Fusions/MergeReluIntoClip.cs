using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Relu(Clip(x)) with constant bounds and Relu(Relu(x)) → one Clip or Relu. Exact.</summary>
public sealed class MergeReluIntoClip : Rewrite
{
    private static readonly Var X = new(), Low = new(), High = new();

    public override Pattern Pattern { get; } = Op<Relu>(OneOf(Op<Relu>(X), Op<Clip>(X, Low.ScalarConstant().Optional(), High.ScalarConstant().Optional())).SingleUse());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %c = Clip(%x, @f32[]{-0.5}, @f32[]{0.25}) %y = Relu(%c) return %y }",
        "graph(%x: f32[N,3]) { %c = Clip(%x, @f32[]{0.1}) %y = Relu(%c) return %y }",
        "graph(%x: f32[N,3]) { %c = Relu(%x) %y = Relu(%c) return %y }",
    ];

    public override bool When(Match m) => Merged(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g) => Merged(m)!.Value.Build(g, m[X]);

    private static ClipBounds? Merged(Match m) => ClipBounds.Of(m.Nodes[1])?.Then(ClipBounds.Of(m.Root));
}
