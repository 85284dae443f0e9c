using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Ir;

namespace Peregrine.Onnx;

/// <summary>One folder <c>test_data_set_N</c> of an ONNX backend test case: inputs and the outputs that are expected for them.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Inputs">In the order of the graph's inputs; null for one without a file.</param>
/// <param name="Outputs">In the order of the graph's outputs; null for one without a file.</param>
public sealed record OnnxTestData(string Folder, IReadOnlyList<object?> Inputs, IReadOnlyList<object?> Outputs)
{
    /// <summary>The folders of test data in a case's folder, by number.</summary>
    public static IReadOnlyList<string> FindSets(string caseFolder) =>
        [.. Directory.EnumerateDirectories(caseFolder, "test_data_set_*").OrderBy(NumberOf).ThenBy(f => f, StringComparer.Ordinal)];

    /// <summary>Reads input_I.pb and output_I.pb as the graph types them.</summary>
    /// <exception cref="ModelException">PG1010 and following: a file is damaged; PG2070: there are more files than the graph has inputs or outputs.</exception>
    public static OnnxTestData Read(string folder, IReadOnlyList<IrType> inputs, IReadOnlyList<IrType> outputs) =>
        new(folder, ReadAll(folder, "input", inputs), ReadAll(folder, "output", outputs));

    private static object?[] ReadAll(string folder, string kind, IReadOnlyList<IrType> types)
    {
        object?[] values = new object?[types.Count];
        for (int i = 0; i < values.Length; i++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{kind}_{i}.pb"));
            values[i] = File.Exists(path) ? OnnxValueFile.Read(path, types[i]) : null;
        }

        string next = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{kind}_{values.Length}.pb"));
        return File.Exists(next)
            ? throw new ModelException(Diagnostic.Error("PG2070", $"\"{next}\" belongs to no {kind} of the model, which has {values.Length}."))
            : values;
    }

    private static int NumberOf(string folder) =>
        int.TryParse(Path.GetFileName(folder)["test_data_set_".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue;
}
