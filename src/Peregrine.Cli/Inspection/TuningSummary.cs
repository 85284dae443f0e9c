using Peregrine.Runtime.Tuning;

namespace Peregrine.Cli.Inspection;

/// <summary>What the tuner did, as reports show it.</summary>
/// <param name="CacheDamaged">Lines of the timing cache that were passed over.</param>
/// <param name="CacheMismatched">Entries of it that belong to other versions of their tactics.</param>
internal sealed record TuningSummary(
    int Level,
    bool Deterministic,
    string Device,
    double Seconds,
    int Measured,
    int FromCache,
    int Skipped,
    int Rejected,
    string? Cache,
    int CacheEntries,
    int CacheDamaged,
    int CacheMismatched,
    IReadOnlyList<string> Remarks,
    IReadOnlyList<RequestSummary> Requests)
{
    public static TuningSummary? Of(TuningReport? report) => report is null ? null : new(
        report.Level,
        report.Deterministic,
        report.Device,
        report.Seconds,
        report.Measured,
        report.FromCache,
        report.Skipped,
        report.Rejected,
        report.CachePath,
        report.CacheEntries,
        report.CacheDamaged,
        report.CacheMismatched,
        report.Remarks,
        [.. report.Requests.Select(r => new RequestSummary(r.Request, r.Key, r.Tactic, r.Option, r.Milliseconds, r.Note, [.. r.Candidates.Select(CandidateSummary.Of)]))]);
}

/// <summary>A kernel request and what serves it.</summary>
internal sealed record RequestSummary(string Request, string Key, string Tactic, string Option, double? Ms, string Note, IReadOnlyList<CandidateSummary> Candidates);

/// <summary>A candidate; outcome is measured, cached, proved, skipped, rejected or declined.</summary>
internal sealed record CandidateSummary(string Tactic, string? Option, string Outcome, double? Ms, double? EstimatedMs, string Reason)
{
    public static CandidateSummary Of(Candidate candidate) => new(
        candidate.Tactic.ToString(), candidate.Option?.Text, candidate.Outcome.ToString().ToLowerInvariant(), 1000 * candidate.Seconds, 1000 * candidate.EstimatedSeconds, candidate.Reason);
}
