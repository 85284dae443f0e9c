using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Checks that normalizations, attention and signal operators share: the four real float types, vectors of a known length.</summary>
internal static class RealTypes
{
    public static ReadOnlySpan<DataType> All => [DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16];

    /// <summary>Checks that these inputs, where present, are real floats.</summary>
    public static bool RequireReal(this InferenceScope c, params ReadOnlySpan<int> inputs)
    {
        foreach (int input in inputs)
        {
            if (c.Has(input) && !c.Require(input, All))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Checks that an input, where present, is a vector of this length.</summary>
    public static bool RequireVector(this InferenceScope c, int input, Dim length, string what)
    {
        if (!c.Has(input) || !c.IsRanked(input) || (c.Shape(input).Rank == 1 && !Dim.ProvablyDifferent(c.Shape(input)[0], length)))
        {
            return true;
        }

        c.Error("PG2530", $"input {input} ({c.TypeOf(input)}) must be a vector of {length} elements, {what}.");
        return false;
    }

    /// <summary>Checks that an input, where present, broadcasts to <paramref name="target"/> without enlarging it.</summary>
    public static bool RequireBroadcastTo(this InferenceScope c, int input, Shape target)
    {
        if (!c.Has(input) || !c.IsRanked(input))
        {
            return true;
        }

        Shape shape = c.Shape(input);
        bool fits = shape.Rank <= target.Rank;
        for (int i = 1; fits && i <= shape.Rank; i++)
        {
            fits = shape[shape.Rank - i] == Dim.One || !Dim.ProvablyDifferent(shape[shape.Rank - i], target[target.Rank - i]);
        }

        if (!fits)
        {
            c.Error("PG2537", $"input {input} ({c.TypeOf(input)}) does not broadcast to {target}.");
        }

        return fits;
    }
}
