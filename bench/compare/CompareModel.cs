using System.Runtime.InteropServices;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Bench.Compare;

/// <summary>A model and two sets of inputs of the same shapes, which timed runs take in turn.</summary>
internal sealed record CompareModel(string Name, string Path, Func<(Dictionary<string, Tensor> First, Dictionary<string, Tensor> Second)> Inputs)
{
    /// <summary>The models that the command line names, or all that its folders hold.</summary>
    /// <exception cref="IOException">One of them does not exist.</exception>
    public static IEnumerable<CompareModel> Find(CompareOptions options)
    {
        List<string> zoo = options.Zoo is null ? [] : [.. ZooNames(options.Zoo)];
        List<string> cases = options.Cases is null ? [] : [.. Directory.EnumerateDirectories(options.Cases).Where(d => File.Exists(System.IO.Path.Combine(d, "SOURCE"))).Select(d => System.IO.Path.GetFileName(d)).Order(StringComparer.Ordinal)];
        foreach (string name in options.Models.Count > 0 ? options.Models : [.. zoo, .. cases])
        {
            yield return zoo.Contains(name) ? OfZoo(options.Zoo!, name)
                : cases.Contains(name) ? OfCase(System.IO.Path.Combine(options.Cases!, name), name)
                : File.Exists(name) ? OfFile(name)
                : throw new FileNotFoundException($"\"{name}\" is no file, and neither --zoo nor --cases holds a model of that name ({string.Join(", ", [.. zoo, .. cases])}).");
        }
    }

    /// <summary>Inputs as those of <paramref name="images"/> calls in one: each repeated along its first dimension. Floats of each copy are a little smaller than those of the one before.</summary>
    public static Dictionary<string, Tensor> Repeated(Dictionary<string, Tensor> inputs, int images) => images == 1 ? inputs : inputs.ToDictionary(p => p.Key, p => Repeated(p.Value, images), StringComparer.Ordinal);

    private static Tensor Repeated(Tensor tensor, int images)
    {
        Tensor repeated = new(tensor.Type, [images * tensor.Dims[0], .. tensor.Dims[1..]], new byte[images * tensor.Data.Length]);
        Tensor copy = tensor;
        for (int image = 0; image < images; image++)
        {
            copy.Data.CopyTo(repeated.Data[(image * copy.Data.Length)..]);
            copy = Varied(copy);
        }

        return repeated;
    }

    private static IEnumerable<string> ZooNames(string folder) =>
        Directory.EnumerateDirectories(folder).Where(d => File.Exists(System.IO.Path.Combine(d, "check.json"))).Select(d => System.IO.Path.GetFileName(d)).Order(StringComparer.Ordinal);

    private static CompareModel OfZoo(string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name, "model.onnx");
        if (!File.Exists(System.IO.Path.Combine(folder, name, "weights.bin")))
        {
            path = ZooModels.Expand(folder, System.IO.Path.Combine(System.IO.Path.GetTempPath(), "peregrine-zoo"), name);
        }

        ZooCheck check = ZooCheck.Read(System.IO.Path.Combine(folder, name, "check.json"));
        return new(name, path, () => (check.MakeInputs(), check.MakeInputs(variant: 1)));
    }

    private static CompareModel OfCase(string folder, string name)
    {
        string source = File.ReadAllText(System.IO.Path.Combine(folder, "SOURCE")).Trim();
        string path = System.IO.Path.Combine(NodeModules.Folder ?? throw new DirectoryNotFoundException($"{name} needs node_modules: give --node-modules."), source);
        return new(name, path, () => FromData(path, folder));
    }

    private static CompareModel OfFile(string path)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        bool hasData = Directory.Exists(System.IO.Path.Combine(folder, "test_data_set_0"));
        return new(System.IO.Path.GetFileNameWithoutExtension(path), path, () => hasData ? FromData(path, folder) : (Random(path, 1), Random(path, 2)));
    }

    private static (Dictionary<string, Tensor>, Dictionary<string, Tensor>) FromData(string path, string folder)
    {
        Graph graph = OnnxModel.Load(path).Import();
        OnnxTestData data = OnnxTestData.Read(OnnxTestData.FindSets(folder)[0], [.. graph.Inputs.Select(i => i.Type)], [.. graph.Outputs.Select(o => o.Value.Type)]);
        Dictionary<string, Tensor> first = Enumerable.Range(0, graph.Inputs.Count).ToDictionary(i => graph.Inputs[i].Name, i => (Tensor)data.Inputs[i]!, StringComparer.Ordinal);
        return (first, first.ToDictionary(p => p.Key, p => Varied(p.Value), StringComparer.Ordinal));
    }

    /// <summary>Floats a tenth smaller, integers as they are.</summary>
    private static Tensor Varied(Tensor tensor)
    {
        Tensor copy = tensor.Clone();
        foreach (ref float item in copy.Type == DataType.Float32 ? MemoryMarshal.Cast<byte, float>(copy.Data.Span) : [])
        {
            item *= 0.9f;
        }

        return copy;
    }

    private static Dictionary<string, Tensor> Random(string path, ulong seed) => OnnxModel.Load(path).Import().Inputs.ToDictionary(
        i => i.Name,
        i => RandomTensor.Create(i.Tensor!.ElementType, [.. i.Tensor.Shape.Select(d => d.IsConstant ? d.Constant : 1)], seed + RandomTensor.SeedOf(i.Name)),
        StringComparer.Ordinal);
}
