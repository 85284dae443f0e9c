using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Peregrine.TestKit;

/// <summary>
/// The zoo: well-known architectures stored without their weights. NAME/model.onnx refers to an external file weights.bin, NAME/init.json says how to draw it,
/// NAME/check.json holds an input recipe and ONNX Runtime's answers (<see cref="ZooCheck"/>).
/// </summary>
public static class ZooModels
{
    private const int ChunkElements = 1 << 18;

    /// <summary>The names of the models in a zoo folder, in order.</summary>
    public static IReadOnlyList<string> Names(string zooFolder) =>
        [.. Directory.EnumerateDirectories(zooFolder).Where(d => File.Exists(Path.Combine(d, "init.json"))).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Makes <paramref name="targetFolder"/>/NAME with model.onnx, check.json and weights.bin, and returns the path of model.onnx. What is there already with the right
    /// size is kept. Files are written beside and renamed, so that processes may expand the same model at once.
    /// </summary>
    public static string Expand(string zooFolder, string targetFolder, string name)
    {
        string source = Path.Combine(zooFolder, name), target = Path.Combine(targetFolder, name);
        if (!File.Exists(Path.Combine(source, "init.json")))
        {
            throw new FileNotFoundException($"{zooFolder} holds no model \"{name}\"; it holds {string.Join(", ", Names(zooFolder))}.");
        }

        Directory.CreateDirectory(target);
        using JsonDocument init = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "init.json")));
        long weightBytes = init.RootElement.GetProperty("weights_bin_bytes").GetInt64();
        WriteBeside(Path.Combine(target, "weights.bin"), weightBytes, path => WriteWeights(init.RootElement, weightBytes, path));
        foreach (string file in new[] { "check.json", "model.onnx" })
        {
            string original = Path.Combine(source, file);
            WriteBeside(Path.Combine(target, file), new FileInfo(original).Length, path => File.WriteAllBytes(path, File.ReadAllBytes(original)));
        }

        return Path.Combine(target, "model.onnx");
    }

    private static void WriteBeside(string path, long size, Action<string> write)
    {
        FileInfo existing = new(path);
        if (existing.Exists && existing.Length == size)
        {
            return;
        }

        string beside = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.part";
        try
        {
            write(beside);
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static void WriteWeights(JsonElement init, long weightBytes, string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, preallocationSize: weightBytes);
        RandomAccess.SetLength(file, weightBytes);
        Parallel.ForEach(init.GetProperty("tensors").EnumerateArray(), tensor => WriteTensor(tensor, weightBytes, file));
    }

    private static void WriteTensor(JsonElement tensor, long weightBytes, SafeFileHandle file)
    {
        string name = tensor.GetProperty("name").GetString()!, generator = tensor.GetProperty("generator").GetString()!;
        long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        long count = shape.Aggregate(1L, (a, b) => checked(a * b)), offset = tensor.GetProperty("offset").GetInt64();
        if (offset < 0 || offset + (count * sizeof(float)) > weightBytes)
        {
            throw new InvalidDataException($"init.json: tensor \"{name}\" lies outside the {weightBytes} bytes of weights.bin.");
        }

        float[] chunk = new float[(int)Math.Min(count, ChunkElements)];
        for (long start = 0; start < count; start += chunk.Length)
        {
            Span<float> values = chunk.AsSpan(0, (int)Math.Min(chunk.Length, count - start));
            switch (generator)
            {
                case "normal":
                    ZooRandom.Normal(values, start, tensor.GetProperty("stream").GetInt64(), tensor.GetProperty("mean").GetDouble(), tensor.GetProperty("std").GetDouble());
                    break;
                case "yolo_grid":
                    ZooRandom.DetectionGrid(values, start, shape[2]);
                    break;
                default:
                    throw new InvalidDataException($"init.json: tensor \"{name}\" asks for the generator \"{generator}\", which is not known.");
            }

            RandomAccess.Write(file, MemoryMarshal.AsBytes(values), offset + (start * sizeof(float)));
        }
    }
}
