namespace Peregrine.Operators;

/// <summary>What is done with a row of scores; the numbers are those of TreeEnsemble's attribute.</summary>
public enum ScoreTransform
{
    None = 0,
    Softmax = 1,
    Logistic = 2,
    /// <summary>Softmax in which a score of zero stays zero.</summary>
    SoftmaxZero = 3,
    /// <summary>The inverse of the normal distribution function.</summary>
    Probit = 4,
}

/// <summary>The attribute <c>post_transform</c> and what it means.</summary>
internal static class ScoreTransforms
{
    /// <summary>Scores nearer to zero than this count as absent in <see cref="ScoreTransform.SoftmaxZero"/>.</summary>
    private const double Nothing = 1e-7;

    private const double RootOfTwo = 1.4142135623730951;

    /// <summary>The texts of the attribute.</summary>
    public static (string Text, ScoreTransform Value)[] Choices =>
        [("NONE", ScoreTransform.None), ("SOFTMAX", ScoreTransform.Softmax), ("LOGISTIC", ScoreTransform.Logistic), ("SOFTMAX_ZERO", ScoreTransform.SoftmaxZero), ("PROBIT", ScoreTransform.Probit)];

    public static void Apply(ScoreTransform transform, Span<double> row)
    {
        switch (transform)
        {
            case ScoreTransform.Softmax or ScoreTransform.SoftmaxZero:
                Softmax(row, keepZeros: transform == ScoreTransform.SoftmaxZero);
                break;
            case ScoreTransform.Logistic:
                foreach (ref double score in row)
                {
                    score = Logistic(score);
                }

                break;
            case ScoreTransform.Probit:
                foreach (ref double score in row)
                {
                    score = Probit(score);
                }

                break;
        }
    }

    public static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>
    /// √2·erf⁻¹(2p - 1); infinite at 0 and 1, NaN outside of [0, 1]. Starts from S. Winitzki's approximation of erf⁻¹ ("A handy approximation for the error function and its
    /// inverse", 2008) and refines it by Newton's method, for which the derivative of erf is known.
    /// </summary>
    public static double Probit(double p)
    {
        double y = (2 * p) - 1;
        if (!(Math.Abs(y) < 1))
        {
            return Math.Abs(y) == 1 ? y * double.PositiveInfinity : double.NaN;
        }

        const double A = 0.147;
        double logarithm = Math.Log((1 - y) * (1 + y)), half = (2 / (Math.PI * A)) + (logarithm / 2);
        double x = Math.CopySign(Math.Sqrt(Math.Sqrt((half * half) - (logarithm / A)) - half), y);
        for (int i = 0; i < 4; i++)
        {
            double slope = 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x);
            double step = (SpecialFunctions.Erf(x) - y) / slope;
            if (!double.IsFinite(step))
            {
                break;
            }

            x -= step;
        }

        return RootOfTwo * x;
    }

    private static void Softmax(Span<double> row, bool keepZeros)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (double score in row)
        {
            largest = Math.Max(largest, score);
        }

        foreach (ref double score in row)
        {
            score = keepZeros && Math.Abs(score) <= Nothing ? 0 : Math.Exp(score - largest);
            sum += score;
        }

        foreach (ref double score in row)
        {
            score = sum == 0 ? 0 : score / sum;
        }
    }
}
