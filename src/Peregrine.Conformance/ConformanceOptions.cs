namespace Peregrine.Conformance;

/// <summary>How results are judged.</summary>
public sealed record ConformanceOptions
{
    public static ConformanceOptions Default { get; } = new();

    /// <summary>Replaces the relative tolerance of every type.</summary>
    public double? RelativeTolerance { get; init; }

    /// <summary>Replaces the absolute tolerance of every type.</summary>
    public double? AbsoluteTolerance { get; init; }

    /// <summary>Part of the largest expected magnitude that is added to the absolute tolerance: 1e-6 for a backend that sums in float32 (cpu), 0 for the reference.</summary>
    public double MagnitudeTolerance { get; init; }

    /// <summary>A case that runs longer is stopped (between nodes) and fails.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}
