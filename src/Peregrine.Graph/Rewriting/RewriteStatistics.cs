namespace Peregrine.Rewriting;

/// <summary>What one rewrite did in a run.</summary>
public sealed class RuleStatistics
{
    /// <summary>How often it changed the graph.</summary>
    public int Applied { get; internal set; }

    /// <summary>How often the operators fitted, but a condition failed: a fusion that stops matching shows here.</summary>
    public int NearMisses { get; internal set; }

    /// <summary>Why the last near miss was one.</summary>
    public string? LastMiss { get; internal set; }
}

/// <summary>What the rewrites did, by name.</summary>
public sealed class RewriteStatistics
{
    private readonly SortedDictionary<string, RuleStatistics> _rules = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, RuleStatistics> Rules => _rules;

    /// <summary>Applications of all rules.</summary>
    public int Applied => _rules.Values.Sum(r => r.Applied);

    /// <summary>The counts of one rule; zeros for one that never came near.</summary>
    public RuleStatistics this[string rule]
    {
        get
        {
            if (!_rules.TryGetValue(rule, out RuleStatistics? statistics))
            {
                _rules[rule] = statistics = new();
            }

            return statistics;
        }
    }

    public override string ToString() => string.Join('\n', _rules.Where(r => r.Value.Applied + r.Value.NearMisses > 0)
        .Select(r => $"{r.Key}: {r.Value.Applied} applied, {r.Value.NearMisses} near misses{(r.Value.LastMiss is { } why ? $" (last: {why})" : "")}"));
}
