using System.IO.Enumeration;
using Peregrine.Diagnostics;

namespace Peregrine.Conformance;

/// <summary>A folder with a model and test data: one of ONNX's backend test cases, or one of our own in that form.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Folder">The folder with test_data_set_N.</param>
/// <param name="ModelPath">model.onnx in the folder, or the file that SOURCE names in the folder of models; null if SOURCE names one and no such folder was given.</param>
public sealed record ConformanceCase(string Name, string Folder, string? ModelPath)
{
    /// <summary>All cases in and below the folders, in order of their names.</summary>
    /// <param name="models">Where the files named by SOURCE lie; null if nowhere.</param>
    /// <param name="filter">A pattern with * and ? that names must match; null for all.</param>
    /// <exception cref="ModelException">PG1010: a folder does not exist.</exception>
    public static IReadOnlyList<ConformanceCase> Find(IEnumerable<string> folders, string? models = null, string? filter = null)
    {
        List<ConformanceCase> cases = [];
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                throw new ModelException(Diagnostic.Error("PG1010", $"The folder \"{folder}\" does not exist.", suggestion: "Give folders that hold cases (model.onnx or SOURCE, and test_data_set_0)."));
            }

            cases.AddRange(Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Prepend(folder).Select(f => Read(f, models)).OfType<ConformanceCase>());
        }

        return [.. cases.Where(c => filter is null || FileSystemName.MatchesSimpleExpression(filter, c.Name, ignoreCase: false)).DistinctBy(c => Path.GetFullPath(c.Folder)).OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    private static ConformanceCase? Read(string folder, string? models)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        string model = Path.Combine(folder, "model.onnx"), source = Path.Combine(folder, "SOURCE");
        if (!Directory.Exists(Path.Combine(folder, "test_data_set_0")))
        {
            return null;
        }

        if (File.Exists(model))
        {
            return new(name, folder, model);
        }

        return !File.Exists(source) ? null : new(name, folder, models is null ? null : Path.Combine(models, File.ReadAllText(source).Trim()));
    }
}
