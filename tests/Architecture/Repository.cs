using System.Runtime.CompilerServices;
using Peregrine.TestKit;

namespace Architecture;

/// <summary>The repository's own files, as they lie beside the tests.</summary>
internal static class Repository
{
    public static string Root { get; } = SharedMaterial.Repository ?? throw new InvalidOperationException("These tests read the repository they were built in.");

    public static bool UpdateGolden => Environment.GetEnvironmentVariable("PEREGRINE_UPDATE_GOLDEN") == "1";

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Files below a folder, build results left out, in ordinal order.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) => !Directory.Exists(At(folder)) ? [] :
        Directory.EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
            .Where(f => !Relative(f).Split('/').Any(part => part is "bin" or "obj" or "node_modules" or "artifacts"))
            .Order(StringComparer.Ordinal);

    /// <summary>All C# sources: product, tests, tools.</summary>
    public static IEnumerable<string> Sources() => ((string[])["src", "testkit", "tests", "bench", "samples"]).SelectMany(folder => Files(folder, "*.cs"));

    /// <summary>The assemblies of the library, by name.</summary>
    public static IReadOnlyList<string> Libraries { get; } =
        ["Peregrine", "Peregrine.Backends.Cpu", "Peregrine.CodeGen.X64", "Peregrine.Compiler", "Peregrine.Conformance", "Peregrine.Graph", "Peregrine.Onnx", "Peregrine.Runtime"];

    [ModuleInitializer]
    internal static void LoadLibraries()
    {
        foreach (string name in Libraries)
        {
            System.Reflection.Assembly.Load(name);
        }
    }
}
