using System.Globalization;

namespace Peregrine.Conformance;

/// <summary>What became of a case.</summary>
public enum ConformanceOutcome
{
    Passed,
    /// <summary>A wrong result, or a diagnostic that says what is not supported.</summary>
    Failed,
    /// <summary>An exception that is no diagnostic: a bug.</summary>
    Crashed,
    /// <summary>Outside of what an inference engine does (training), or its model is not there.</summary>
    Skipped,
}

/// <summary>What became of one case.</summary>
/// <param name="Reason">Empty for a pass.</param>
/// <param name="IsAllowedSkip">Whether the case is skipped on principle (operators of training) and so is no gap.</param>
public sealed record ConformanceResult(string Name, ConformanceOutcome Outcome, string Reason, bool IsAllowedSkip, TimeSpan Duration)
{
    public override string ToString() => Outcome switch
    {
        ConformanceOutcome.Passed => $"passed  {Name}",
        ConformanceOutcome.Skipped => $"skipped {Name}: {Reason}",
        ConformanceOutcome.Crashed => $"FAILED  {Name}: crash: {Reason}",
        _ => $"FAILED  {Name}: {Reason}",
    };
}

/// <summary>The results of a run, in the order of the cases.</summary>
public sealed record ConformanceReport(IReadOnlyList<ConformanceResult> Results)
{
    public int Passed => Results.Count(r => r.Outcome == ConformanceOutcome.Passed);

    /// <summary>Crashes included.</summary>
    public int Failed => Results.Count(r => r.Outcome is ConformanceOutcome.Failed or ConformanceOutcome.Crashed);

    public int Skipped => Results.Count(r => r.Outcome == ConformanceOutcome.Skipped);

    /// <summary>The last line of a run: <c>N passed, N failed, N skipped</c>.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
