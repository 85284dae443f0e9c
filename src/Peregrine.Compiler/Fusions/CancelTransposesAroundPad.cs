using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>Transpose(Pad(Transpose(x))) → Transpose(Pad(x)) with one permutation, or none. Only between two transposes: a padded tensor is more to transpose.</summary>
public sealed class CancelTransposesAroundPad : Rewrite
{
    private static readonly Var X = new(), Pads = new(), Fill = new(), Axes = new();
    private static readonly Capture<Transpose> Inner = new(), Outer = new();
    private static readonly Capture<Pad> Padding = new();

    public override Pattern Pattern { get; } = Op<Transpose>(Op<Pad>(Op<Transpose>(X).As(Inner).SingleUse(), Pads, Fill.Optional(), Axes.Optional()).As(Padding).SingleUse()).As(Outer);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[0,2,1]} %p = Pad(%t, @s64[6]{0,1,2,0,3,0}) %y = Transpose(%p) {perm=[0,2,1]} return %y }",
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %p = Pad(%t, @s64[2]{1,2}, @f32[]{7}, @s64[1]{-1}) {mode=\"constant\"} %y = Transpose(%p) {perm=[0,2,1]} return %y }",
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape.IsRanked: true } && SourceAxes(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int[] inner = TransposeMotion.Permutation(m.NodeOf(Inner).Outputs[0]!)!, outer = TransposeMotion.Permutation(m.Output)!;
        Value padded = g.Call(m.Get(Padding), m[X], m[Pads], m.Find(Fill), g.Constant("axes", SourceAxes(m)!));
        return TransposeMotion.Transpose(g, padded, [.. outer.Select(a => inner[a])]);
    }

    private static long[]? SourceAxes(Match m)
    {
        int[] permutation = TransposeMotion.Permutation(m.NodeOf(Inner).Outputs[0]!)!;
        return m.Find(Axes) is { } axes ? TransposeMotion.Map(axes.Contents, permutation) : [.. permutation.Select(a => (long)a)];
    }
}
