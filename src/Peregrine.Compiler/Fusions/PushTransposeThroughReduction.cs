using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Reduce(Transpose(x), axes) → Transpose(Reduce(x, the same axes of x)): less to transpose, or nothing.</summary>
public sealed class PushTransposeThroughReduction : Rewrite
{
    private static readonly Var X = new(), Axes = new();
    private static readonly Capture<Transpose> Moved = new();
    private static readonly Capture<Reduction> Reducer = new();

    public override Pattern Pattern { get; } = Op<Reduction>(Op<Transpose>(X).As(Moved).SingleUse(), Axes).As(Reducer);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %y = ReduceMean(%t, @s64[1]{0}) return %y }",
        "graph(%x: f32[N,3,5,2]) { %t = Transpose(%x) {perm=[0,2,3,1]} %y = ReduceSum(%t, @s64[2]{1,2}) {keepdims=0} return %y }",
        "graph(%x: f32[N,3,5,2]) { %t = Transpose(%x) {perm=[3,2,1,0]} %y = ReduceMax(%t, @s64[1]{-2}) {keepdims=0} return %y }",
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape.IsRanked: true } && m[Axes].Contents is { Count: > 0 } axes && axes.All(a => a.IsConstant);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Reduction reduction = m.Get(Reducer);
        int[] permutation = TransposeMotion.Permutation(m.NodeOf(Moved).Outputs[0]!)!;
        long[] axes = TransposeMotion.Map(m[Axes].Contents, permutation)!;
        Value reduced = g.Call(reduction, m[X], g.Constant("axes", axes));
        if (!reduction.KeepDims)
        {
            // What is left of the permutation, counted among the axes that are left.
            long[] left = [.. Enumerable.Range(0, permutation.Length).Select(a => (long)a).Except(axes)];
            permutation = [.. permutation.Where(a => !axes.Contains(a)).Select(a => Array.IndexOf(left, a))];
        }

        return permutation.SequenceEqual(Enumerable.Range(0, permutation.Length)) ? reduced : TransposeMotion.Transpose(g, reduced, permutation);
    }
}
