using Peregrine.Onnx.Export;
using Peregrine.Onnx.Wire;
using Peregrine.TestKit;

namespace Fuzz;

/// <summary>The sound files from which hostile ones are made: the sample of the repository, hand-made control flow, and ONNX's own cases where they are present. Sorted, so that a seed means the same on every machine with the same material.</summary>
internal static class Corpus
{
    private const long MaxBytes = 256 << 10;

    // Random networks of layers with constant weights.
    private const int Images = 24;

    private static readonly Lazy<IReadOnlyList<(string Name, Func<byte[]> Read)>> Models = new(Collect);

    public static int Count => Models.Value.Count;

    public static string Name(int index) => Models.Value[index].Name;

    public static byte[] Bytes(int index) => Models.Value[index].Read();

    /// <summary>An item by chance; the sample, the hand-made models and networks with constant weights come up far more often than any one of the others.</summary>
    public static int Pick(Random random) => random.Next(4) == 0 ? random.Next(Math.Min(Count, 1 + HandMadeModels.All.Count + Images)) : random.Next(Count);

    private static List<(string Name, Func<byte[]> Read)> Collect()
    {
        List<(string, Func<byte[]>)> items = [];
        if (SharedMaterial.Repository is { } root)
        {
            string digits = Path.Combine(root, "samples", "digits", "digits.onnx");
            items.Add(("samples/digits", () => File.ReadAllBytes(digits)));
        }

        items.AddRange(HandMadeModels.All.Select(m => (m.Name, (Func<byte[]>)(() => m.Bytes))));
        items.AddRange(Enumerable.Range(0, int.MaxValue).Where(RandomNetworks.IsOfImages).Take(Images).Select(seed => ($"network {seed}", (Func<byte[]>)(() => ProtobufWriter.ToBytes(OnnxExporter.Export(RandomNetworks.Create(seed)))))));
        if (SharedMaterial.SharedPath("onnx-cases") is { } cases)
        {
            foreach (string file in Directory.EnumerateFiles(cases, "model.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                // The weights of the light architectures unfold to hundreds of megabytes; copies of them, not the readers, would be what is measured.
                if (new FileInfo(file).Length <= MaxBytes && !file.StartsWith(Path.Combine(cases, "light"), StringComparison.Ordinal))
                {
                    items.Add((Path.GetRelativePath(cases, Path.GetDirectoryName(file)!), () => File.ReadAllBytes(file)));
                }
            }
        }

        return items;
    }
}
