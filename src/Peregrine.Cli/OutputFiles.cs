using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Cli;

/// <summary>Names of outputs as names of files.</summary>
internal static class OutputFiles
{
    /// <summary>One file name per output, without folder: NAME.npy, other characters than letters, digits, dot, dash and underscore replaced; equal ones are numbered.</summary>
    public static IReadOnlyList<string> Names(IEnumerable<string> outputs)
    {
        HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);
        List<string> names = [];
        foreach (string output in outputs)
        {
            string safe = string.Concat(output.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')).TrimStart('.');
            string stem = safe.Length == 0 ? "output" : safe[..Math.Min(safe.Length, 200)], name = stem;
            for (int number = 2; !taken.Add(name); number++)
            {
                name = string.Create(CultureInfo.InvariantCulture, $"{stem}_{number}");
            }

            names.Add(name + ".npy");
        }

        return names;
    }

    /// <summary>Writes a value; a sequence becomes NAME.0.npy, NAME.1.npy, …; a map NAME.keys.npy and NAME.values.npy; an empty optional nothing.</summary>
    /// <exception cref="ModelException">A file cannot be written.</exception>
    public static void Write(string folder, string fileName, object? value)
    {
        switch (value)
        {
            case Tensor tensor:
                NumpyFile.Write(Path.Combine(folder, fileName), WiderForms.Widen(tensor));
                break;
            case TensorMap map:
                string stem = Path.GetFileNameWithoutExtension(fileName);
                Write(folder, $"{stem}.keys.npy", map.Keys);
                Write(folder, $"{stem}.values.npy", map.Values);
                break;
            case OptionalValue { HasValue: true } optional:
                Write(folder, fileName, optional.Value);
                break;
            case TensorSequence sequence:
                for (int i = 0; i < sequence.Count; i++)
                {
                    Write(folder, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(fileName)}.{i}.npy"), sequence.Items[i]);
                }

                break;
        }
    }

    /// <summary>Makes the folder.</summary>
    /// <exception cref="ModelException">PG1036: it cannot be made.</exception>
    public static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(Diagnostic.Error("PG1036", $"The folder \"{folder}\" cannot be made: {e.Message.TrimEnd('.')}.", suggestion: "Check its parent folder and the permissions."));
        }
    }
}
