namespace Peregrine.TestKit;

/// <summary>Test material that is not part of the repository. Whoever needs it skips the test with <see cref="Absent"/> where it is missing.</summary>
public static class SharedMaterial
{
    /// <summary>Why a test is skipped.</summary>
    public const string Absent = "The shared test material is absent (PEREGRINE_SHARED, or ../shared beside the repository).";

    /// <summary>Why a test is skipped.</summary>
    public const string NodeModulesAbsent = "The npm packages are absent (PEREGRINE_NODE_MODULES, or node_modules in the repository).";

    /// <summary>The folder with ONNX's cases, real cases and architectures; null if absent.</summary>
    public static string? Shared { get; } = Find("PEREGRINE_SHARED", "../shared");

    /// <summary>The folder with npm packages (ONNX Runtime's native library, trained models); null if absent.</summary>
    public static string? NodeModules { get; } = Find("PEREGRINE_NODE_MODULES", "node_modules");

    /// <summary>The root of the repository; null if the tests run elsewhere.</summary>
    public static string? Repository { get; } = FindRepository();

    /// <summary>A file or folder below <see cref="Shared"/>; null if absent.</summary>
    public static string? SharedPath(params string[] parts) => Existing(Shared, parts);

    /// <summary>A file or folder below <see cref="NodeModules"/>; null if absent.</summary>
    public static string? NodeModulesPath(params string[] parts) => Existing(NodeModules, parts);

    private static string? Existing(string? root, string[] parts)
    {
        string? path = root is null ? null : Path.Combine([root, .. parts]);
        return path is not null && Path.Exists(path) ? path : null;
    }

    private static string? Find(string variable, string besideRepository)
    {
        string? told = Environment.GetEnvironmentVariable(variable);
        string? path = !string.IsNullOrEmpty(told) ? told : FindRepository() is { } root ? Path.GetFullPath(Path.Combine(root, besideRepository)) : null;
        return Directory.Exists(path) ? path : null;
    }

    private static string? FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Peregrine.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
