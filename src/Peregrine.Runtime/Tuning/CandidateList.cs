using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>The tactics' answers to one request.</summary>
internal sealed class CandidateList
{
    private readonly List<Candidate> _declined;

    private CandidateList(List<Entry> entries, List<Candidate> declined)
    {
        Entries = entries;
        _declined = declined;
    }

    /// <summary>One option of a tactic that accepts.</summary>
    /// <param name="Rank">Its place in the backend's order of tactics and the tactic's order of options: how ties are decided.</param>
    /// <param name="OptionIndex">Its place among the tactic's options; 0 is the tactic's best guess.</param>
    /// <param name="IsReference">Whether it is the backend's last resort.</param>
    public sealed record Entry(ITactic Tactic, TacticOption Option, int Rank, int OptionIndex, double EstimatedSeconds, long ScratchBytes, bool IsReference);

    /// <summary>In the backend's order.</summary>
    public IReadOnlyList<Entry> Entries { get; }

    public IReadOnlyList<Candidate> Declined => _declined;

    public IReadOnlyList<string> Declines => [.. _declined.Select(d => d.ToString())];

    /// <summary>The lowest estimate; null if every tactic declines.</summary>
    public Entry? Best => Entries.MinBy(e => (e.EstimatedSeconds, e.Rank));

    /// <summary>
    /// In the order in which they are worth trying: each tactic's best guess by estimate, then each tactic's second, and so on; so that a tactic with many options does not hide the others. The
    /// reference is last.
    /// </summary>
    public IEnumerable<Entry> InOrderOfTrial => Entries.OrderBy(e => (e.IsReference, e.OptionIndex, e.EstimatedSeconds, e.Rank));

    public static CandidateList Of(KernelRequest request, IBackend backend)
    {
        List<Entry> entries = [];
        List<Candidate> declined = [];
        foreach (ITactic tactic in backend.Tactics)
        {
            switch (tactic.Consider(request, backend.Device))
            {
                case Verdict.Accept accept:
                    bool isReference = ReferenceEquals(tactic, backend.Tactics[^1]);
                    entries.AddRange(accept.Options.Select((option, i) => new Entry(tactic, option, entries.Count + i, i, accept.EstimatedCost, accept.ScratchBytes, isReference)));
                    break;
                case Verdict.Decline decline:
                    declined.Add(new(tactic.Id, null, CandidateOutcome.Declined, null, null, decline.Reason));
                    break;
            }
        }

        return new(entries, declined);
    }

    /// <summary>All of them, untried for this reason.</summary>
    public IReadOnlyList<Candidate> Untried(string reason) =>
        [.. InOrderOfTrial.Select(e => new Candidate(e.Tactic.Id, e.Option, CandidateOutcome.Skipped, e.EstimatedSeconds, null, reason)), .. _declined];
}
