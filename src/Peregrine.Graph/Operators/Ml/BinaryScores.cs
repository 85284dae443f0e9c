namespace Peregrine.Operators;

/// <summary>Two columns from the one score of a binary classifier. The standard does not say how; these are the conventions of ONNX Runtime, by which converters of models are tested.</summary>
internal static class BinaryScores
{
    /// <param name="isProbability">Whether the score, if nothing transforms it to one, is the second class's probability, so that the first has the rest; otherwise it has the negative score.</param>
    public static void Write(double score, bool isProbability, ScoreTransform transform, Span<double> pair)
    {
        bool takesRest = isProbability && transform is (ScoreTransform.None or ScoreTransform.Probit);
        (pair[0], pair[1]) = (takesRest ? 1 - score : -score, score);
        ScoreTransforms.Apply(transform, pair);
    }
}
