using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// f(Transpose(x), …) → Transpose(f(x, …)) for a pointwise f. All operands must be transposed alike, or be constants (those of more than one element are permuted back) or of
/// rank 0. Behind f the transposition meets others, and f meets what made x.
/// </summary>
public sealed class PushTransposeThroughPointwise : Rewrite
{
    private const long MaxConstant = 1 << 18;

    public override Pattern Pattern { get; } = Op<PointwiseOperator>().WithSomeInput(Op<Transpose>());

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %y = Relu(%t) return %y }",
        "graph(%x: f32[N,3,5], %z: f32[N,3,5]) { %t = Transpose(%x) {perm=[2,0,1]} %u = Transpose(%z) {perm=[2,0,1]} %y = Add(%t, %u) return %y }",
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[1,2,0]} %y = Mul(@f32[5,1], %t) return %y }",
        "graph(%x: f32[N,3,5]) { %t = Transpose(%x) {perm=[1,2,0]} %y = Clip(%t, @f32[]{-0.5}, @f32[]{0.5}) return %y }",
        "graph(%x: f32[N,3]) { %t = Transpose(%x) %y = Mul(%t, %t) return %y }",
    ];

    public override bool When(Match m) => Permutation(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int[] permutation = Permutation(m)!;
        Value?[] inputs = [.. m.Root.Inputs.Select(i => i switch
        {
            null => null,
            { Constant: { Data.Length: not 1 } } => TransposeMotion.Undo(g, i, permutation),
            _ when TransposeMotion.Permutation(i) is not null => TransposeMotion.Source(i),
            _ => i,
        })];
        return TransposeMotion.Transpose(g, g.Call(m.Root.Operator, inputs), permutation);
    }

    private static int[]? Permutation(Match m)
    {
        int[]? common = null;
        foreach (Value input in m.Root.Inputs.OfType<Value>())
        {
            if (input.Constant is null && TransposeMotion.Permutation(input) is { } permutation)
            {
                if (!TransposeMotion.OnlyFeeds(input, m.Root) || (common is not null && !common.SequenceEqual(permutation)))
                {
                    return null;
                }

                common = permutation;
            }
        }

        // The result must have the rank of what is transposed: an operand of more dimensions would shift the axes.
        return common is not null && m.Root.Outputs is [{ Tensor: { Shape: { IsRanked: true, Rank: var rank } } }] && rank == common.Length && m.Root.Inputs.OfType<Value>().All(i => Follows(i, rank)) ? common : null;
    }

    private static bool Follows(Value input, int rank) =>
        input.Constant is { Data: var data } ? data.Rank <= rank && data.Length <= MaxConstant && data.Type != Tensors.DataType.String
        : input.Tensor is { Shape: { IsRanked: true, Rank: 0 } } || TransposeMotion.Permutation(input) is not null;
}
