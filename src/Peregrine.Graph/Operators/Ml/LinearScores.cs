using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the two linear models share: X · coefficientsᵀ + intercepts.</summary>
internal static class LinearScores
{
    /// <summary>Checks the lists against the features of X, as far as these are known.</summary>
    public static bool Check(InferenceScope c, Floats coefficients, Floats intercepts, long targets)
    {
        if (targets < 1 || coefficients.Count % targets != 0 || (intercepts.Count != 0 && intercepts.Count != targets))
        {
            c.Error("PG2608", $"{coefficients.Count} coefficients and {intercepts.Count} intercepts do not fit {targets} targets.");
            return false;
        }

        if (!c.RequireNumeric(0) || !c.RequireRows(0, out _, out Dim? features))
        {
            return false;
        }

        if (features is { } given && Dim.ProvablyDifferent(given, coefficients.Count / targets))
        {
            c.Error("PG2608", $"X has {given} features, but there are {coefficients.Count / targets} coefficients for each of {targets} targets.");
            return false;
        }

        return true;
    }

    public static void Row(ReadOnlySpan<double> x, Floats coefficients, Floats intercepts, Span<double> scores)
    {
        ReadOnlySpan<float> weights = coefficients.AsSpan();
        for (int target = 0; target < scores.Length; target++)
        {
            double sum = intercepts.Count > 0 ? intercepts[target] : 0;
            for (int i = 0; i < x.Length; i++)
            {
                sum += x[i] * weights[(target * x.Length) + i];
            }

            scores[target] = sum;
        }
    }
}
