using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>Dropout outside of training whose mask nobody uses → x.</summary>
public sealed class RemoveDropout : Rewrite
{
    private static readonly Var X = new(), Training = new();

    public override Pattern Pattern { get; } = Op<Dropout>(X, Any.Optional(), Training.Optional());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Dropout(%x) %y = Transpose(%a) {perm=[1,0]} return %y }",
        "graph(%x: f32[N,3]) { %a, %mask = Dropout(%x, @f32[]{0.3}, @bool[]{0}) %y = Transpose(%a) {perm=[1,0]} return %y }",
    ];

    public override bool When(Match m) =>
        m.Root.Outputs.Skip(1).All(mask => mask is null || mask.Uses.Count == 0)
        && (m.Find(Training) is not { } training || training.Contents is [{ IsConstant: true, Constant: 0 }]);

    public override Value? Apply(Match m, GraphBuilder g) => m[X];
}
