namespace Peregrine.Operators;

/// <summary>Runs an ensemble on all rows of input 0.</summary>
internal static class TreeScoring
{
    /// <summary>Writes the transformed scores [N, targets] to output 0.</summary>
    /// <param name="bases">Added to the aggregated votes; one per target, one for all, or none.</param>
    public static void Score(EvaluationScope c, TreeForest forest, VoteAggregation aggregation, ReadOnlySpan<double> bases, ScoreTransform transform)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        Span<bool> voted = c.Scratch<bool>(forest.Targets);
        for (int row = 0; row < rows; row++)
        {
            Span<double> scores = y.Slice(row * forest.Targets, forest.Targets);
            Row(c, forest, aggregation, x.Slice(row * features, features), scores, voted);
            for (int i = 0; i < scores.Length && !bases.IsEmpty; i++)
            {
                scores[i] += bases[bases.Length == 1 ? 0 : i];
            }

            ScoreTransforms.Apply(transform, scores);
        }
    }

    /// <summary>The aggregated votes of one row.</summary>
    public static void Row(EvaluationScope c, TreeForest forest, VoteAggregation aggregation, ReadOnlySpan<double> features, Span<double> scores, Span<bool> voted)
    {
        c.Cancellation.ThrowIfCancellationRequested();
        if (!forest.TryScore(features, aggregation, scores, voted))
        {
            throw c.Fail("PG2602", "a tree leads in a circle: a node is its own descendant.");
        }
    }
}
