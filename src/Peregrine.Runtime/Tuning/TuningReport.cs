namespace Peregrine.Runtime.Tuning;

/// <summary>What a build's tuner did, request by request.</summary>
/// <param name="Measured">Candidates that were timed.</param>
/// <param name="FromCache">Candidates whose result was in the timing cache.</param>
/// <param name="Skipped">Candidates that were not tried.</param>
/// <param name="Rejected">Candidates that were found to be wrong, in this build or in the one that filled the cache.</param>
/// <param name="CachePath">The timing cache's file; null if there is none.</param>
/// <param name="CacheEntries">Entries in it.</param>
/// <param name="CacheDamaged">Lines of it that were passed over.</param>
/// <param name="CacheMismatched">Entries of it that belong to another version of their tactic.</param>
/// <param name="Remarks">What a person should know: a wrong kernel, a pin that cannot be obeyed, a cache that cannot be saved, a budget that has run out.</param>
public sealed record TuningReport(
    int Level,
    bool Deterministic,
    string Device,
    double Seconds,
    int Measured,
    int FromCache,
    int Skipped,
    int Rejected,
    string? CachePath,
    int CacheEntries,
    int CacheDamaged,
    int CacheMismatched,
    IReadOnlyList<string> Remarks,
    IReadOnlyList<TunedRequest> Requests);

/// <summary>One request and what was chosen for it.</summary>
/// <param name="Request">The request as text; equal layers share it.</param>
/// <param name="Key">Under which the timing cache knows it.</param>
/// <param name="Tactic">Tactic and version.</param>
/// <param name="Milliseconds">Of one call, measured now or before; null if nothing was timed.</param>
/// <param name="Candidates">All that were considered, tried ones first.</param>
/// <param name="Note">Why nothing was tried; empty otherwise.</param>
public sealed record TunedRequest(string Request, string Key, string Tactic, string Option, double? Milliseconds, IReadOnlyList<Candidate> Candidates, string Note);
