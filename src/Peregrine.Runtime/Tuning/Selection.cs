using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>The chosen tactic of a request, and why the others were not.</summary>
/// <param name="Declines">One sentence per tactic that declined or whose kernel was found to be wrong.</param>
/// <param name="Candidates">Every tactic that was asked, with every option that it offered, in the order of the trial; what declined comes last.</param>
/// <param name="Seconds">What one call takes: measured, or else estimated.</param>
public sealed record Selection(ITactic Tactic, TacticOption Option, IReadOnlyList<string> Declines, IReadOnlyList<Candidate> Candidates, double Seconds);

/// <summary>What became of a candidate.</summary>
public enum CandidateOutcome
{
    /// <summary>The tactic cannot serve the request.</summary>
    Declined,
    /// <summary>Not tried: too slow by its estimate, too much scratch memory, no time left.</summary>
    Skipped,
    /// <summary>Tried, and found to be wrong.</summary>
    Rejected,
    /// <summary>Agrees with the reference, but was not timed.</summary>
    Proved,
    /// <summary>Agrees with the reference, and was timed in this build.</summary>
    Measured,
    /// <summary>Its time was in the timing cache.</summary>
    Cached,
}

/// <summary>One way to serve a request.</summary>
/// <param name="Option">Null for a tactic that declined.</param>
/// <param name="EstimatedSeconds">By the tactic itself.</param>
/// <param name="Seconds">Per call, the lower quartile of the measured times; null if it was not timed.</param>
/// <param name="Reason">Why it declined, was skipped or was rejected; empty otherwise.</param>
public sealed record Candidate(TacticId Tactic, TacticOption? Option, CandidateOutcome Outcome, double? EstimatedSeconds, double? Seconds, string Reason)
{
    public override string ToString() => Outcome switch
    {
        CandidateOutcome.Declined => $"{Tactic}: {Reason}",
        CandidateOutcome.Skipped or CandidateOutcome.Rejected => $"{Name}: {Outcome.ToString().ToLowerInvariant()}, {Reason}",
        CandidateOutcome.Proved => $"{Name}: right",
        _ => FormattableString.Invariant($"{Name}: {1000 * Seconds:G4} ms{(Outcome == CandidateOutcome.Cached ? " (from the timing cache)" : "")}"),
    };

    private string Name => Option is { Text.Length: > 0 } ? $"{Tactic} {Option}" : Tactic.ToString();
}
