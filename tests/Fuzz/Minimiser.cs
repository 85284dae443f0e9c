using System.Diagnostics;

namespace Fuzz;

/// <summary>Removes bytes from a failing file as long as it fails in the same place (delta debugging: ever smaller pieces are left out).</summary>
internal static class Minimiser
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    public static FuzzCase Minimise(FuzzCase attack, string finding)
    {
        string place = Place(finding);
        long start = Stopwatch.GetTimestamp();
        byte[] best = attack.File;
        for (int piece = Math.Max(1, best.Length / 2); piece > 0; piece /= 2)
        {
            for (int at = 0; at < best.Length && Stopwatch.GetElapsedTime(start) < Budget;)
            {
                byte[] shorter = [.. best.AsSpan(0, at), .. best.AsSpan(Math.Min(at + piece, best.Length))];
                string? result = Campaign.Try(attack with { File = shorter }, out _, out bool hangs);
                if (hangs)
                {
                    // Its thread cannot be stopped; more of them would only disturb one another.
                    return attack with { File = best };
                }

                if (result is not null && Place(result) == place)
                {
                    best = shorter;
                }
                else
                {
                    at += piece;
                }
            }
        }

        return attack with { File = best };
    }

    /// <summary>The exception's type and the line that threw it.</summary>
    private static string Place(string finding)
    {
        string[] lines = finding.Split('\n');
        return $"{lines[0].Split(':')[0]} {lines.FirstOrDefault(l => l.TrimStart().StartsWith("at ", StringComparison.Ordinal))}";
    }
}
