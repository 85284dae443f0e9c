namespace Differential;

/// <summary>What these tests need from outside the repository; each is asked for by name, and a test without it is skipped with the reason.</summary>
internal static class Materials
{
    /// <summary>A path below the folder of shared material (PEREGRINE_SHARED, or "shared" beside the repository); skips the test if it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string? named = Environment.GetEnvironmentVariable("PEREGRINE_SHARED");
        string? folder = string.IsNullOrEmpty(named) ? Above() : named;
        string path = Path.Combine([folder ?? "", .. parts]);
        if (folder is null || !Path.Exists(path))
        {
            Assert.Skip($"The shared material {Path.Combine(parts)} is absent: put it beside the repository in \"shared\", or name its folder in PEREGRINE_SHARED.");
        }

        return path;
    }

    private static string? Above()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "onnx-cases")))
            {
                return candidate;
            }
        }

        return null;
    }
}
