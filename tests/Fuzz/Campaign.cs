using System.Diagnostics;

namespace Fuzz;

/// <summary>
/// Runs a range of seeds, one by one, each on a thread with the small stack of a server's worker and under a watchdog. Findings are lines of a report; the seed
/// at work stands in a file, so that whoever started this process knows where it died.
/// </summary>
internal static class Campaign
{
    /// <summary>No case may take longer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Work that goes on for so long is asked to stop.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private const int SmallStack = 1 << 20;
    private const long MemoryLimit = 1L << 30;

    /// <summary>One case: null, or what is wrong.</summary>
    public static string? Try(FuzzCase attack, out string outcome, out bool hangs)
    {
        string? finding = null, result = null;
        using CancellationTokenSource cancellation = new();
        long start = Stopwatch.GetTimestamp();
        Thread thread = new(() =>
        {
            try
            {
                result = FuzzTarget.Run(attack, cancellation.Token);
            }
#pragma warning disable CA1031 // Anything that comes out is the finding.
            catch (Exception e)
#pragma warning restore CA1031
            {
                finding = e.ToString();
            }
        }, SmallStack) { IsBackground = true };
        cancellation.CancelAfter(Patience);
        thread.Start();
        hangs = !thread.Join(Limit + Limit);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        outcome = result ?? "finding";
        if (hangs)
        {
            return $"hangs for more than {elapsed.TotalSeconds:F1} s";
        }

        return finding ?? (elapsed > Limit ? $"took {elapsed.TotalSeconds:F1} s" : null);
    }

    /// <summary>A range of seeds in this process.</summary>
    /// <param name="report">Receives <c>seed TAB finding</c>, with line breaks escaped.</param>
    /// <param name="progress">Always holds the seed at work.</param>
    public static void Run(FuzzKind kind, int from, int count, string report, string progress)
    {
        Dictionary<string, int> outcomes = new(StringComparer.Ordinal);
        using FileStream current = new(progress, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1);
        for (int seed = from; seed < from + count; seed++)
        {
            current.Position = 0;
            current.Write(System.Text.Encoding.ASCII.GetBytes($"{seed,12}"));
            current.Flush();
            ResetPeak();
            FuzzCase attack = FuzzCase.Make(kind, seed);
            string? finding = Try(attack, out string outcome, out bool hangs);
            if (finding is null && Peak() > MemoryLimit)
            {
                finding = $"takes {Peak() >> 20} MiB";
            }

            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            if (finding is not null)
            {
                File.AppendAllText(report, $"{seed}\t{attack} {finding.ReplaceLineEndings("\\n")}\n");
            }

            if (hangs)
            {
                Environment.Exit(3);
            }
        }

        foreach ((string outcome, int times) in outcomes)
        {
            File.AppendAllText(report, $"#{outcome}\t{times}\n");
        }
    }

    private static void ResetPeak()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                File.WriteAllText("/proc/self/clear_refs", "5");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Where the peak cannot be reset it only counts too much, never too little.
            }
        }
    }

    /// <summary>The most memory that this process has had in RAM since <see cref="ResetPeak"/>; 0 where the system does not tell.</summary>
    private static long Peak()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[6..^2].Trim(), System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}
