using System.Globalization;
using Peregrine.Diagnostics;

namespace Peregrine.Onnx.Wire;

/// <summary>
/// The folder of a model, with the files that its tensors lie in: each is opened once and shared. Nothing outside the folder is opened, whatever the model says:
/// absolute paths, <c>..</c> and links that lead out are refused. Safe for concurrent use.
/// </summary>
public sealed class ExternalDataFolder(string folder)
{
    private const int MaxLinks = 40;

    private readonly Dictionary<string, ByteSource> _files = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The bytes that an external tensor of <paramref name="bytes"/> bytes refers to, without a copy.</summary>
    /// <exception cref="ModelException">PG1030 to PG1033, PG1023.</exception>
    internal Memory<byte> Read(OnnxTensorProto tensor, int bytes, Func<string, string, string, ModelException> fail)
    {
        string? location = tensor.ExternalData.FirstOrDefault(p => p.Key == "location")?.Value;
        if (string.IsNullOrEmpty(location))
        {
            throw fail("PG1030", "its data are said to be in another file, but no location is given", "Export the model again.");
        }

        long offset = Number(tensor, "offset", fail) ?? 0;
        if (Number(tensor, "length", fail) is { } length && length != bytes)
        {
            throw fail("PG1023", $"its external data have {length} bytes, but its type and shape take {bytes}", "Export the model again.");
        }

        ByteSource file = Open(location, fail);
        return offset <= file.Length - bytes
            ? file.Slice(offset, bytes)
            : throw fail("PG1033", $"its data are said to be at bytes {offset} to {(Int128)offset + bytes} of \"{location}\", which has only {file.Length}", "The data file is truncated or belongs to another model; copy it again.");
    }

    private static long? Number(OnnxTensorProto tensor, string key, Func<string, string, string, ModelException> fail)
    {
        string? text = tensor.ExternalData.FirstOrDefault(p => p.Key == key)?.Value;
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw fail("PG1033", $"the {key} of its external data, \"{text}\", is no number from 0 to 2^63−1", "Export the model again.");
    }

    private ByteSource Open(string location, Func<string, string, string, ModelException> fail)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(location, out ByteSource? file))
            {
                return file;
            }

            // Both separators on every system, so that a model is refused everywhere or nowhere.
            string[] parts = location.Split('/', '\\');
            if (parts[0].Length == 0 || parts[0].Contains(':', StringComparison.Ordinal) || location.Contains('\0', StringComparison.Ordinal) || parts.Contains(".."))
            {
                throw fail("PG1031", $"its data are in \"{location}\"; only files in the model's own folder are read", "Put the data file beside the model and name it by a relative path.");
            }

            string root = FollowLinks(folder) ?? folder;
            string? path = FollowLinks(Path.Combine(folder, location));
            if (path is null || !path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw fail("PG1031", $"its data are in \"{location}\", a link that leads out of the model's folder", "Replace the link by the file it leads to.");
            }

            if (!File.Exists(path))
            {
                throw fail("PG1032", $"its data are in \"{location}\", but there is no such file in \"{folder}\"", "Put the data file beside the model.");
            }

            return _files[location] = MappedFile.Open(path);
        }
    }

    /// <summary>The path with every link in it followed; null if they go round in circles. What does not exist stays as it is.</summary>
    private static string? FollowLinks(string path)
    {
        string full = Path.GetFullPath(path);
        string resolved = Path.GetPathRoot(full)!;
        Stack<string> pending = new(Parts(full[resolved.Length..]).Reverse());
        int links = 0;
        while (pending.TryPop(out string? part))
        {
            if (part == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            string next = Path.Combine(resolved, part);
            string? target = new FileInfo(next).LinkTarget;
            if (target is null)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            if (Path.IsPathRooted(target))
            {
                resolved = Path.GetPathRoot(Path.GetFullPath(target))!;
                target = Path.GetFullPath(target)[resolved.Length..];
            }

            foreach (string step in Parts(target).Reverse())
            {
                pending.Push(step);
            }
        }

        return resolved;
    }

    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".");
}
