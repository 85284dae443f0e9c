using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// What the rules share that move transposes. A transpose only ever moves towards the outputs, and no rule leaves more of them than it found: so moving comes to an end.
/// </summary>
internal static class TransposeMotion
{
    /// <summary>The permutation of the Transpose that made the value; null if no Transpose did.</summary>
    public static int[]? Permutation(Value? value) =>
        value?.Producer is { Operator: Transpose op } node && node.Inputs[0]!.Tensor is { Shape.IsRanked: true } ? TransposePermutation.Of(op, node.Inputs[0]!) : null;

    /// <summary>What the Transpose that made the value transposes.</summary>
    public static Value Source(Value value) => value.Producer!.Inputs[0]!;

    /// <summary>Whether all uses of the value are in this node, so that moving the transposition behind it frees the one before it.</summary>
    public static bool OnlyFeeds(Value value, Node node) => value.Uses.All(u => u.Node == node);

    public static Value Transpose(GraphBuilder g, Value value, int[] permutation) => g.Call(new Transpose(Ints.From(permutation.Select(a => (long)a))), value);

    /// <summary>A constant as it must be where the transposition has not happened yet: aligned to the rank, then permuted back.</summary>
    public static Value Undo(GraphBuilder g, Value constant, int[] permutation)
    {
        long[] dims = constant.Constant!.Data.Dims.ToArray();
        Value aligned = ConstantArithmetic.Reshape(g, constant, [.. Enumerable.Repeat(1L, permutation.Length - dims.Length), .. dims]);
        long[] inverse = new long[permutation.Length];
        for (int i = 0; i < inverse.Length; i++)
        {
            inverse[permutation[i]] = i;
        }

        return ConstantArithmetic.Compute(g, new Transpose(Ints.From(inverse)), aligned);
    }

    /// <summary>Axes that count in the transposed tensor, as axes before the transposition; null if they are not known.</summary>
    public static long[]? Map(IEnumerable<Symbolics.Dim>? axes, int[] permutation) =>
        axes is not null && axes.All(a => a.IsConstant) ? [.. axes.Select(a => (long)permutation[a.Constant < 0 ? a.Constant + permutation.Length : a.Constant])] : null;
}
