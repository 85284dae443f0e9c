namespace Peregrine.Cli;

/// <summary>Tells engine files from ONNX models.</summary>
internal static class TargetFile
{
    private static ReadOnlySpan<byte> Magic => "PEREGRIN"u8;

    /// <summary>
    /// Whether a file is to be read as an engine: it begins as engines do, or is called so and does not end in .onnx. Whatever is neither is read as a model, whose reader says what is wrong with it.
    /// </summary>
    public static bool IsEngine(string path)
    {
        string extension = Path.GetExtension(path);
        if (extension.Equals(".engine", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase) || !File.Exists(path))
        {
            return false;
        }

        Span<byte> start = stackalloc byte[8];
        using FileStream stream = File.OpenRead(path);
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Magic);
    }
}
