using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Compiler.Canonical;

/// <summary>What a Transpose does to an input.</summary>
internal static class TransposePermutation
{
    /// <summary>The source axis of every axis of the result, in [0, rank); without an attribute all axes in reverse. Null if the rank is unknown.</summary>
    public static int[]? Of(Transpose op, Value input)
    {
        if (op.Permutation is { } permutation)
        {
            return [.. permutation.Select(axis => (int)(axis < 0 ? axis + permutation.Count : axis))];
        }

        return input.Tensor is { Shape: { IsRanked: true } shape } ? [.. Enumerable.Range(0, shape.Rank).Reverse()] : null;
    }
}
