namespace Peregrine.Operators;

/// <summary>What a node of a tree asks of its feature; the numbers are those of TreeEnsemble's <c>nodes_modes</c>.</summary>
internal enum BranchMode
{
    AtMost = 0,
    Below = 1,
    AtLeast = 2,
    Above = 3,
    Equal = 4,
    Unequal = 5,
    Member = 6,
}

/// <summary>How the votes of several trees for one target become one score; the numbers are those of TreeEnsemble's attribute.</summary>
public enum VoteAggregation
{
    Average = 0,
    Sum = 1,
    Min = 2,
    Max = 3,
}

/// <summary>One question. A child that is not negative is a node, a negative one is the complement of a leaf.</summary>
internal readonly record struct TreeBranch(BranchMode Mode, int Feature, double Split, bool MissingIsTrue, int True, int False, HashSet<double>? Members)
{
    public int Next(double value)
    {
        bool answer = Mode switch
        {
            BranchMode.AtMost => value <= Split,
            BranchMode.Below => value < Split,
            BranchMode.AtLeast => value >= Split,
            BranchMode.Above => value > Split,
            BranchMode.Equal => value == Split,
            BranchMode.Unequal => value != Split,
            _ => Members!.Contains(value),
        };
        return answer || (MissingIsTrue && double.IsNaN(value)) ? True : False;
    }
}

/// <summary>A leaf's vote for one target (or class).</summary>
internal readonly record struct LeafVote(int Target, double Weight);

/// <summary>
/// The trees of an ensemble in the form in which they are walked, whatever operator they come from. All child numbers, features and targets are in range: whoever
/// builds it has checked them.
/// </summary>
internal sealed class TreeForest(TreeBranch[] branches, LeafVote[][] leaves, int[] roots, int targets)
{
    public int Targets => targets;

    /// <summary>Collects the votes for one row of features.</summary>
    /// <param name="scores">One per target; overwritten.</param>
    /// <param name="voted">Per target: whether any leaf voted for it; overwritten.</param>
    /// <returns>False if a tree leads in a circle.</returns>
    public bool TryScore(ReadOnlySpan<double> row, VoteAggregation aggregation, Span<double> scores, Span<bool> voted)
    {
        scores.Clear();
        voted.Clear();
        foreach (int root in roots)
        {
            int at = root;
            for (int steps = 0; at >= 0; steps++)
            {
                if (steps > branches.Length)
                {
                    return false;
                }

                ref readonly TreeBranch branch = ref branches[at];
                at = branch.Next(row[branch.Feature]);
            }

            foreach (LeafVote vote in leaves[~at])
            {
                ref double score = ref scores[vote.Target];
                score = aggregation switch
                {
                    VoteAggregation.Min when voted[vote.Target] => Math.Min(score, vote.Weight),
                    VoteAggregation.Max when voted[vote.Target] => Math.Max(score, vote.Weight),
                    _ => score + vote.Weight,
                };
                voted[vote.Target] = true;
            }
        }

        if (aggregation == VoteAggregation.Average)
        {
            foreach (ref double score in scores)
            {
                score /= Math.Max(roots.Length, 1);
            }
        }

        return true;
    }
}
