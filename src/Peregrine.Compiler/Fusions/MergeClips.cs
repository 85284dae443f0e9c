using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Clip(Relu(x)) and Clip(Clip(x)) with constant bounds whose ranges overlap → one Clip, or Relu where it is that. Exact.</summary>
public sealed class MergeClips : Rewrite
{
    private static readonly Var X = new(), Low = new(), High = new(), OuterLow = new(), OuterHigh = new();

    public override Pattern Pattern { get; } = Op<Clip>(
        OneOf(Op<Relu>(X), Op<Clip>(X, Low.ScalarConstant().Optional(), High.ScalarConstant().Optional())).SingleUse(), OuterLow.ScalarConstant().Optional(), OuterHigh.ScalarConstant().Optional());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %r = Relu(%x) %y = Clip(%r, _, @f32[]{0.5}) return %y }",
        "graph(%x: f32[N,3]) { %c = Clip(%x, @f32[]{-0.5}, @f32[]{0.75}) %y = Clip(%c, @f32[]{-1}, @f32[]{0.25}) return %y }",
        "graph(%x: f32[N,3]) { %c = Relu(%x) %y = Clip(%c, @f32[]{0}) return %y }",
    ];

    public override bool When(Match m) => Merged(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g) => Merged(m)!.Value.Build(g, m[X]);

    private static ClipBounds? Merged(Match m) => ClipBounds.Of(m.Nodes[1])?.Then(ClipBounds.Of(m.Root));
}
