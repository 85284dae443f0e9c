using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Transpose(f(Transpose(x), axis)) → Transpose(f(x, the same axis of x)) with one permutation, or none, for Softmax and its like.</summary>
public sealed class CancelTransposesAroundSoftmax : Rewrite
{
    private static readonly Var X = new();
    private static readonly Capture<Transpose> Inner = new();
    private static readonly Capture<AxisNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<Transpose>(Op<AxisNormalization>(Op<Transpose>(X).As(Inner).SingleUse()).As(Normalization).SingleUse());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[0,2,1]} %s = Softmax(%t) %y = Transpose(%s) {perm=[0,2,1]} return %y }",
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %s = LogSoftmax(%t) {axis=0} %y = Transpose(%s) {perm=[0,2,1]} return %y }",
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape: { IsRanked: true, Rank: > 0 } };

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int[] inner = TransposeMotion.Permutation(m.NodeOf(Inner).Outputs[0]!)!, outer = TransposeMotion.Permutation(m.Output)!;
        AxisNormalization normalization = m.Get(Normalization);
        long axis = inner[normalization.Axis < 0 ? normalization.Axis + inner.Length : normalization.Axis];
        return TransposeMotion.Transpose(g, g.Call(normalization with { Axis = axis }, m[X]), [.. outer.Select(a => inner[a])]);
    }
}
