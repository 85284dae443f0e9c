using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>What the inferences of the shape family have in common.</summary>
internal static class ShapeInference
{
    /// <summary>One extent from two that must be equal: the one that says more. An error if they cannot be equal.</summary>
    public static Dim Unify(this InferenceScope c, Dim left, Dim right, Func<string> problem)
    {
        if (Dim.ProvablyDifferent(left, right))
        {
            c.Error("PG2121", problem());
        }

        return left.IsConstant || !right.IsConstant ? left : right;
    }

    /// <summary>The number of elements of an input that holds a list (a shape, axes, pads), if it is known.</summary>
    public static int? ListLength(this InferenceScope c, int input)
    {
        if (c.ValueOf(input) is { } contents)
        {
            return contents.Count;
        }

        return c.Shape(input) is { IsRanked: true, Rank: 1 } shape && shape[0].IsConstant && shape[0].Constant <= 64 ? (int)shape[0].Constant : null;
    }

    /// <summary>A shape of this rank of which nothing else is known.</summary>
    public static Shape FreshShape(this InferenceScope c, int rank, Dim? bound = null)
    {
        Dim[] dims = new Dim[rank];
        for (int i = 0; i < rank; i++)
        {
            dims[i] = c.FreshSymbol(bound);
        }

        return Shape.Create(dims);
    }

    /// <summary>The axes in [0, rank), each at most once (an error otherwise).</summary>
    public static int[] Axes(this InferenceScope c, ReadOnlySpan<long> axes, int rank)
    {
        int[] result = new int[axes.Length];
        bool[] seen = new bool[Math.Max(rank, 1)];
        for (int i = 0; i < axes.Length; i++)
        {
            result[i] = c.Axis(axes[i], rank, "axes");
            if (seen[result[i]])
            {
                c.Error("PG2120", $"axes [{string.Join(',', axes.ToArray())}] name a dimension twice.");
            }

            seen[result[i]] = true;
        }

        return result;
    }

    /// <summary>Whether the value is at least 0, by the symbols' ranges.</summary>
    public static bool IsNonNegative(this InferenceScope c, Dim dim) => c.Symbols.RangeOf(dim).Min >= 0;

    /// <summary>Whether the value is below 0, by the symbols' ranges.</summary>
    public static bool IsNegative(this InferenceScope c, Dim dim) => c.Symbols.RangeOf(dim).Max < 0;
}
