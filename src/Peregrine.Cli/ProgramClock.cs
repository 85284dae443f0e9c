using System.Diagnostics;

namespace Peregrine.Cli;

/// <summary>Time since the program's first instruction of its own.</summary>
internal static class ProgramClock
{
    private static long s_start = Stopwatch.GetTimestamp();

    public static double Milliseconds => Stopwatch.GetElapsedTime(s_start).TotalMilliseconds;

    public static void Start() => s_start = Stopwatch.GetTimestamp();
}
