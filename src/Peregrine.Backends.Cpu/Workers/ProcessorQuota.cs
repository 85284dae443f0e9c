using System.Globalization;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>How much processor this process may use.</summary>
/// <param name="Processors">Logical processors that the runtime sees.</param>
/// <param name="AffinityProcessors">Processors in the affinity mask; null where it cannot be read.</param>
/// <param name="Quota">Processors' worth of time granted by the control group and its parents, such as 1.5; null if unlimited or unknown.</param>
public sealed record ProcessorQuota(int Processors, int? AffinityProcessors, double? Quota)
{
    private const int MaximumLevels = 64;

    /// <summary>
    /// How many threads to use: the processors, cut to the affinity mask and to the quota, rounded to the nearest whole number, but 1 at least.
    /// (More threads than quota would be put to sleep in the middle of a step, while the others wait for them.)
    /// </summary>
    public int Workers
    {
        get
        {
            int workers = Math.Min(Processors, AffinityProcessors ?? Processors);
            return Quota is double quota && quota < workers ? Math.Max(1, (int)Math.Round(quota, MidpointRounding.AwayFromZero)) : Math.Max(1, workers);
        }
    }

    /// <summary>Asks the system. Environment.ProcessorCount heeds the affinity mask on every system; on Linux the control groups are read as well.</summary>
    public static ProcessorQuota Detect() => OperatingSystem.IsLinux() ? Read("/", Environment.ProcessorCount) : new(Environment.ProcessorCount, null, null);

    /// <summary>Reads Linux' files below a root folder; whatever is missing or makes no sense counts as no limit.</summary>
    internal static ProcessorQuota Read(string root, int processors)
    {
        int? affinity = null;
        foreach (string line in Lines(Path.Combine(root, "proc/self/status")))
        {
            if (line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal))
            {
                affinity = CountList(line["Cpus_allowed_list:".Length..]);
            }
        }

        return new ProcessorQuota(processors, affinity, SmallestQuota(root));
    }

    private static double? SmallestQuota(string root)
    {
        string[] mounts = Lines(Path.Combine(root, "proc/self/mountinfo"));
        double? smallest = null;
        foreach (string line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // "0::/path" (version 2) or "4:cpu,cpuacct:/path" (version 1)
            string[] parts = line.Split(':', 3);
            bool isVersion2 = parts is ["0", "", _];
            if (parts.Length < 3 || (!isVersion2 && !parts[1].Split(',').Contains("cpu")))
            {
                continue;
            }

            foreach (string mount in mounts)
            {
                if (ParseMount(mount, isVersion2) is var (mountedRoot, mountPoint))
                {
                    smallest = Smaller(smallest, QuotaUpwards(root, mountPoint, Below(parts[2], mountedRoot), isVersion2));
                }
            }
        }

        return smallest;
    }

    // "36 35 98:0 /root /mount/point options [optional fields] - type source super-options"
    private static (string Root, string Point)? ParseMount(string line, bool isVersion2)
    {
        string[] halves = line.Split(" - ", 2);
        string[] left = halves[0].Split(' ');
        string[] right = halves.Length == 2 ? halves[1].Split(' ') : [];
        if (left.Length < 6 || right.Length < 3)
        {
            return null;
        }

        bool fits = isVersion2 ? right[0] == "cgroup2" : right[0] == "cgroup" && right[2].Split(',').Contains("cpu");
        return fits ? (left[3].Replace("\\040", " ", StringComparison.Ordinal), left[4].Replace("\\040", " ", StringComparison.Ordinal)) : null;
    }

    // The group's path below the mount point. A path outside of what is mounted (container views) means the mount point itself.
    private static string Below(string path, string mountedRoot)
    {
        if (path.Split('/').Contains(".."))
        {
            return "";
        }

        if (mountedRoot == "/")
        {
            return path.Trim('/');
        }

        return path == mountedRoot || path.StartsWith(mountedRoot + "/", StringComparison.Ordinal) ? path[mountedRoot.Length..].Trim('/') : "";
    }

    // A group cannot have more than its parents, so the tightest limit on the way up counts.
    private static double? QuotaUpwards(string root, string mountPoint, string path, bool isVersion2)
    {
        double? smallest = null;
        for (int level = 0; level < MaximumLevels; level++)
        {
            string folder = Path.Combine(root, mountPoint.TrimStart('/'), path);
            smallest = Smaller(smallest, isVersion2 ? ReadVersion2(folder) : ReadVersion1(folder));
            if (path.Length == 0)
            {
                break;
            }

            int cut = path.LastIndexOf('/');
            path = cut < 0 ? "" : path[..cut];
        }

        return smallest;
    }

    private static double? ReadVersion2(string folder)
    {
        // "max 100000" or "150000 100000"
        string[] words = FirstLine(Path.Combine(folder, "cpu.max")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 ? Ratio(words[0], words[1]) : null;
    }

    private static double? ReadVersion1(string folder) =>
        Ratio(FirstLine(Path.Combine(folder, "cpu.cfs_quota_us")), FirstLine(Path.Combine(folder, "cpu.cfs_period_us")));

    private static double? Ratio(string quota, string period) =>
        long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out long time)
        && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out long of) && time > 0 && of > 0
            ? (double)time / of
            : null;

    private static double? Smaller(double? a, double? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    // "0-3,8,10-11"
    private static int? CountList(string list)
    {
        int count = 0;
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-', 2);
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
                || last < first || last > ushort.MaxValue)
            {
                return null;
            }

            count += last - first + 1;
        }

        return count;
    }

    private static string FirstLine(string path) => Lines(path) is [string first, ..] ? first.Trim() : "";

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return []; // No limit known is better than no run.
        }
    }
}
