namespace Peregrine.Runtime;

/// <summary>The environment variables of Peregrine, all of them; nothing else in the program reads the environment.</summary>
public static class Knobs
{
    /// <summary>
    /// <c>PEREGRINE_ISA</c>: caps the instruction set of generated code (<c>avx512</c>, <c>avx2</c>, <c>portable</c>), lower case; null if not set.
    /// </summary>
    public static string? Isa => Read("PEREGRINE_ISA")?.ToLowerInvariant();

    /// <summary><c>PEREGRINE_DUMP</c>: the folder that receives what is needed to reproduce a failure of the compiler; null if not set.</summary>
    public static string? DumpFolder => Read("PEREGRINE_DUMP");

    /// <summary>
    /// <c>PEREGRINE_CACHE</c>: the folder of what is kept between builds (the timing cache); <c>off</c> for none. Without it the user's cache folder: <c>XDG_CACHE_HOME/peregrine</c> or
    /// <c>~/.cache/peregrine</c>, <c>~/Library/Caches/peregrine</c> on macOS, the local application data on Windows. Null if it is switched off or there is no such folder.
    /// </summary>
    public static string? CacheFolder => Read("PEREGRINE_CACHE") switch
    {
        null => UserCacheFolder,
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) || off == "0" => null,
        var folder => folder,
    };

    private static string? UserCacheFolder
    {
        get
        {
            // XDG's rules pass over paths that are not absolute.
            string? root = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : !OperatingSystem.IsMacOS() && Read("XDG_CACHE_HOME") is { } xdg && Path.IsPathFullyQualified(xdg) ? xdg
                : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? Path.Combine(home, OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache")
                : null;
            return string.IsNullOrEmpty(root) ? null : Path.Combine(root, "peregrine");
        }
    }

    private static string? Read(string name)
    {
#pragma warning disable RS0030 // This is the one place the rule points to.
        string? value = Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
