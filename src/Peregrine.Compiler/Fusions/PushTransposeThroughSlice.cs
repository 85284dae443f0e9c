using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Slice(Transpose(x), axes) → Transpose(Slice(x, the same axes of x)): less to transpose.</summary>
public sealed class PushTransposeThroughSlice : Rewrite
{
    private static readonly Var X = new(), Starts = new(), Ends = new(), Axes = new(), Steps = new();
    private static readonly Capture<Transpose> Moved = new();

    public override Pattern Pattern { get; } = Op<Slice>(Op<Transpose>(X).As(Moved).SingleUse(), Starts, Ends, Axes.Optional(), Steps.Optional());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %y = Slice(%t, @s64[1]{1}, @s64[1]{3}, @s64[1]{-3}) return %y }",
        "graph(%x: f32[4,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %y = Slice(%t, @s64[2]{4,1}, @s64[2]{-9,3}, _, @s64[2]{-2,1}) return %y }",
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape.IsRanked: true } && SourceAxes(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g) =>
        TransposeMotion.Transpose(g, g.Call(new Slice(), m[X], m[Starts], m[Ends], g.Constant("axes", SourceAxes(m)!), m.Find(Steps)), Permutation(m));

    private static int[] Permutation(Match m) => TransposeMotion.Permutation(m.NodeOf(Moved).Outputs[0]!)!;

    private static long[]? SourceAxes(Match m) =>
        m.Find(Axes) is { } axes ? TransposeMotion.Map(axes.Contents, Permutation(m))
        : m[Starts].Tensor is { Shape: { IsRanked: true, IsStatic: true } shape } ? [.. Permutation(m).Take((int)shape[0].Constant).Select(a => (long)a)] : null;
}
