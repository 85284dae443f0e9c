namespace Peregrine.Runtime.Tuning;

/// <summary>How much a <see cref="Tuner"/> tries, and what it may take.</summary>
public sealed record TuningOptions
{
    /// <summary>
    /// 0: the lowest estimate, nothing is tried. 1: each tactic's best guess. 2, 3, 4: the candidates within a factor of 3, 4, 10 of the lowest estimate, at most 4, 8, 16 of them. 5: all.
    /// From 1 on a kernel is used only after it has agreed with the reference.
    /// </summary>
    public int Level { get; init; } = 3;

    /// <summary>The most temporary memory that a tactic may take, in bytes; null for any amount.</summary>
    public long? Workspace { get; init; }

    /// <summary>Nothing is timed and no cache is asked: pins, or the lowest estimate among the kernels that are right. Two builds give the same engine.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Known times; null for none.</summary>
    public TimingCache? Cache { get; init; }

    /// <summary>Pinned choices, obeyed at every level; what is chosen is added. Null for none.</summary>
    public TacticManifest? Manifest { get; init; }

    /// <summary>The most time for all trials of one build; null for the level's own: 5, 10, 20, 120 seconds at the levels 1 to 4, no end at 5. What is left then is chosen by estimate.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>
    /// Timed runs all use the same operands, which the caches then hold as far as they can: what kernels are capable of. Otherwise, as in a network, activations come from the third-level cache.
    /// </summary>
    public bool HotOperands { get; init; }

    internal TuningEffort Effort => TuningEffort.Of(Level, Budget);
}

/// <summary>What a level means in numbers.</summary>
/// <param name="Factor">Candidates whose estimate exceeds the lowest by this factor are not tried.</param>
/// <param name="MostCandidates">At most so many are tried.</param>
/// <param name="OptionsPerTactic">Options of one tactic, best guesses first.</param>
/// <param name="Batches">Timed batches per candidate.</param>
/// <param name="CandidateTime">Time after which no further batch of a candidate begins.</param>
/// <param name="RequestTime">Time after which no further candidate of a request is tried.</param>
/// <param name="Total">Time after which no further request is tried.</param>
internal sealed record TuningEffort(double Factor, int MostCandidates, int OptionsPerTactic, int Batches, TimeSpan CandidateTime, TimeSpan RequestTime, TimeSpan Total)
{
    public static TuningEffort Of(int level, TimeSpan? budget)
    {
        TuningEffort effort = level switch
        {
            <= 1 => new(double.PositiveInfinity, 8, 1, 3, Milliseconds(10), Milliseconds(500), Milliseconds(5_000)),
            2 => new(3, 4, int.MaxValue, 5, Milliseconds(20), Milliseconds(1_000), Milliseconds(10_000)),
            3 => new(4, 8, int.MaxValue, 7, Milliseconds(40), Milliseconds(3_000), Milliseconds(20_000)),
            4 => new(10, 16, int.MaxValue, 11, Milliseconds(100), Milliseconds(20_000), Milliseconds(120_000)),
            _ => new(double.PositiveInfinity, int.MaxValue, int.MaxValue, 21, Milliseconds(400), TimeSpan.MaxValue, TimeSpan.MaxValue),
        };
        return budget is { } total ? effort with { Total = total } : effort;
    }

    private static TimeSpan Milliseconds(double count) => TimeSpan.FromMilliseconds(count);
}

/// <summary>How far a trial is.</summary>
/// <param name="Request">What is computed, in a few words.</param>
/// <param name="Done">Requests that are done.</param>
/// <param name="Candidate">The candidate that is tried now, from 1.</param>
/// <param name="Candidates">How many are to be tried.</param>
public readonly record struct TuningProgress(string Request, int Done, int Candidate, int Candidates);
