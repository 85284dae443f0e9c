namespace Peregrine.TestKit;

/// <summary>Texts that are kept beside the tests: a difference fails the test, <c>PEREGRINE_UPDATE_GOLDEN=1</c> rewrites the file.</summary>
public static class Golden
{
    /// <summary>Null if <paramref name="actual"/> equals the file, else what differs and how to accept it.</summary>
    /// <param name="file">Path of the golden file from the repository's root.</param>
    public static string? Compare(string file, string actual)
    {
        string path = Path.Combine(SharedMaterial.Repository ?? throw new InvalidOperationException("Golden files need the repository around the tests."), file);
        if (Environment.GetEnvironmentVariable("PEREGRINE_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return null;
        }

        if (!File.Exists(path))
        {
            return $"{file} does not exist; PEREGRINE_UPDATE_GOLDEN=1 writes it.";
        }

        string[] expected = File.ReadAllText(path).Split('\n'), got = actual.Split('\n');
        for (int line = 0; line < Math.Max(expected.Length, got.Length); line++)
        {
            string before = line < expected.Length ? expected[line] : "(end)", after = line < got.Length ? got[line] : "(end)";
            if (before != after)
            {
                return $"{file}, line {line + 1}:\n  expected {before}\n  but got  {after}\nPEREGRINE_UPDATE_GOLDEN=1 accepts the new text.";
            }
        }

        return null;
    }
}
