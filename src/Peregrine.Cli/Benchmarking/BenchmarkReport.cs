namespace Peregrine.Cli.Benchmarking;

/// <summary>What a benchmark found; the JSON that scripts read has these keys in snake_case.</summary>
/// <param name="Threads">Threads of one call.</param>
/// <param name="Streams">Calls at the same time.</param>
/// <param name="BuildMs">Importing and building; 0 for an engine file.</param>
/// <param name="LoadMs">Opening the file.</param>
/// <param name="FirstRunMs">The first call: memory is planned and touched for the first time.</param>
/// <param name="LatencyMs">Per call, from inputs in the caller's buffers to outputs in the caller's buffers.</param>
/// <param name="ThroughputPerS">Calls per second of all streams together.</param>
/// <param name="ArenaBytes">Arenas and other buffers of all streams together.</param>
/// <param name="ArenaPeakBytes">The planned peak of one stream.</param>
/// <param name="ArenaLeastBytes">The most that one step of it needs at once: no plan has a lower peak.</param>
/// <param name="WeightBytes">Constants, shared by all streams.</param>
/// <param name="Layers">Mean time per layer; empty without --layers.</param>
/// <param name="Memory">Null without --memory.</param>
internal sealed record BenchmarkReport(
    string Model,
    int Threads,
    int Streams,
    string Precision,
    double BuildMs,
    double LoadMs,
    double FirstRunMs,
    LatencyReport LatencyMs,
    double ThroughputPerS,
    long ArenaBytes,
    long ArenaPeakBytes,
    long ArenaLeastBytes,
    long WeightBytes,
    long PeakRssBytes,
    IReadOnlyList<LayerTime> Layers,
    MemoryReport? Memory);

/// <summary>Milliseconds.</summary>
internal sealed record LatencyReport(double Min, double Mean, double Median, double P90, double P99)
{
    /// <param name="milliseconds">At least one.</param>
    public static LatencyReport Of(IEnumerable<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        double Quantile(double q) => sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length) - 1, 0, sorted.Length - 1)];
        double median = sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        return new(sorted[0], sorted.Average(), median, Quantile(0.9), Quantile(0.99));
    }
}

/// <summary>What calls did to memory.</summary>
/// <param name="ManagedBytesPerCall">Allocated by all threads of the process.</param>
/// <param name="ResidentBeforeBytes">Physical memory of the process before these calls.</param>
internal sealed record MemoryReport(long Calls, double ManagedBytesPerCall, long ResidentBeforeBytes, long ResidentAfterBytes);

/// <summary>Mean milliseconds of one layer per call.</summary>
internal sealed record LayerTime(string Name, string Kind, string Tactic, string Precision, double Ms);
