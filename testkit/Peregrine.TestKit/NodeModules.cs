using System.Runtime.InteropServices;

namespace Peregrine.TestKit;

/// <summary>Where the development packages of npm lie, which tests and benchmarks use and the project never ships: ONNX Runtime's native library, trained models.</summary>
public static class NodeModules
{
    /// <summary>The folder <c>node_modules</c>: the one named by the environment variable PEREGRINE_NODE_MODULES, else the nearest above the running program; null if there is none.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>ONNX Runtime's native library for this system and processor, from the package onnxruntime-node; null if it is not installed.</summary>
    public static string? OnnxRuntimeLibrary { get; } = Folder is null ? null : FindLibrary(Path.Combine(Folder, "onnxruntime-node", "bin"));

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("PEREGRINE_NODE_MODULES");
        if (!string.IsNullOrEmpty(named))
        {
            return Directory.Exists(named) ? Path.GetFullPath(named) : null;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "node_modules");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private static string? FindLibrary(string binaries)
    {
        (string system, string pattern) = OperatingSystem.IsWindows() ? ("win32", "onnxruntime.dll")
            : OperatingSystem.IsMacOS() ? ("darwin", "libonnxruntime*.dylib")
            : ("linux", "libonnxruntime.so*");
        string processor = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        return !Directory.Exists(binaries) ? null
            : Directory.EnumerateDirectories(binaries, "napi-v*")
                .Select(napi => Path.Combine(napi, system, processor))
                .Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, pattern))
                .Order(StringComparer.Ordinal)
                .FirstOrDefault();
    }
}
