using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Concat(Transpose(x), Transpose(z), …) with one permutation → Transpose(Concat(x, z, …)); small constants among the operands are permuted back.</summary>
public sealed class PushTransposesThroughConcat : Rewrite
{
    private const long MaxConstant = 1 << 18;
    private static readonly Capture<Concat> Joined = new();

    public override Pattern Pattern { get; } = Op<Concat>().WithSomeInput(Op<Transpose>()).As(Joined);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5], %z: f32[N,3,2]) { %t = Transpose(%x) {perm=[2,0,1]} %u = Transpose(%z) {perm=[2,0,1]} %y = Concat(%t, %u) {axis=0} return %y }",
        "graph(%x: f32[2,3]) { %t = Transpose(%x) %y = Concat(%t, @f32[3,4]) {axis=-1} return %y }",
    ];

    public override bool When(Match m) => Permutation(m.Root) is not null;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int[] permutation = Permutation(m.Root)!;
        Value[] inputs = [.. m.Root.Inputs.Select(i => i!.Constant is not null ? TransposeMotion.Undo(g, i, permutation) : TransposeMotion.Source(i))];
        long axis = m.Get(Joined).Axis;
        return TransposeMotion.Transpose(g, g.Call(new Concat(permutation[axis < 0 ? axis + permutation.Length : axis]), inputs), permutation);
    }

    private static int[]? Permutation(Node node)
    {
        int[]? common = node.Inputs.Select(TransposeMotion.Permutation).FirstOrDefault(p => p is not null);
        return common is not null && node.Inputs.All(i => i is { Constant: { } constant } ? constant.Data.Length <= MaxConstant && constant.Data.Type != Tensors.DataType.String && constant.Data.Rank == common.Length
            : i is not null && TransposeMotion.OnlyFeeds(i, node) && TransposeMotion.Permutation(i)?.SequenceEqual(common) == true) ? common : null;
    }
}
