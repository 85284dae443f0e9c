using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>Inputs that hold one integer: sizes, lengths, steps.</summary>
internal static class ScalarInputs
{
    /// <summary>Checks that an input holds one number of at least <paramref name="minimum"/>, as far as that is known; the number, or null where it is not known.</summary>
    public static bool RequireScalar(this InferenceScope c, int input, out Dim? number, long minimum = 0)
    {
        number = null;
        if (!c.Has(input))
        {
            return true;
        }

        if (c.ValueOf(input) is { } contents)
        {
            if (contents.Count == 1 && (!contents[0].IsConstant || contents[0].Constant >= minimum))
            {
                number = contents[0];
                return true;
            }
        }
        else if (!c.IsRanked(input) || !c.Shape(input).IsStatic || c.Shape(input).ElementCount == Dim.One)
        {
            return true;
        }

        c.Error("PG2561", $"input {input} ({c.TypeOf(input)}) must hold one number of at least {minimum}{(c.ValueOf(input) is { Count: 1 } given ? $", not {given[0]}" : "")}.");
        return false;
    }

    /// <summary>The number that an input holds; 0 where it is empty, which inference has ruled out.</summary>
    public static long ReadScalar(this EvaluationScope c, int input) => c.Read<long>(input) is [long value, ..] ? value : 0;
}
