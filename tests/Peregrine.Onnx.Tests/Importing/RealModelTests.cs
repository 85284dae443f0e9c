using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Models that others made.</summary>
public sealed class RealModelTests
{
    [Fact]
    public void The_digits_model_recognises_digits()
    {
        Assert.SkipWhen(SharedMaterial.Repository is null, "The tests do not run inside the repository.");
        string folder = Path.Combine(SharedMaterial.Repository, "samples", "digits");
        Graph graph = OnnxModel.Load(Path.Combine(folder, "digits.onnx")).Import();
        CheckTypes(graph);
        Tensor images = NumpyFile.Read(Path.Combine(folder, "test_images.npy")), labels = NumpyFile.Read(Path.Combine(folder, "test_labels.npy"));
        Tensor input = Tensor.Of<float>([500, 1, 8, 8], [.. images.Data.ToArray().Select(p => p / 16f)]);
        float[] scores = ((Tensor)Interpreter.Run(graph, [input])[0]!).Span<float>().ToArray();
        int right = Enumerable.Range(0, 500).Count(i => Enumerable.Range(0, 10).MaxBy(digit => scores[(i * 10) + digit]) == labels.Data.Span[i]);

        // What PyTorch reached with the same weights.
        Assert.Equal(494, right);
    }

    [Fact]
    public void The_zoo_is_imported_without_unknown_types()
    {
        string? zoo = SharedMaterial.SharedPath("zoo");
        Assert.SkipWhen(zoo is null, SharedMaterial.Absent);
        string folder = Directory.CreateTempSubdirectory("peregrine-zoo-").FullName;
        try
        {
            foreach (string name in ZooModels.Names(zoo))
            {
                CheckTypes(OnnxModel.Load(ZooModels.Expand(zoo, folder, name)).Import());
                Directory.Delete(Path.Combine(folder, name), recursive: true);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Trained_models_are_imported()
    {
        Assert.SkipWhen(SharedMaterial.NodeModules is null, SharedMaterial.NodeModulesAbsent);
        List<string> models = [.. Directory.EnumerateFiles(SharedMaterial.NodeModules, "*.onnx", SearchOption.AllDirectories)];
        Assert.NotEmpty(models);
        foreach (string path in models)
        {
            CapabilityReport report = OnnxModel.Load(path).Examine();
            Assert.True(report.IsSupported, $"{path}: {string.Join('\n', report.Findings.Take(10))}");
        }
    }

    [Fact]
    public void Damaged_models_end_in_diagnostics()
    {
        string? cases = SharedMaterial.SharedPath("onnx-cases");
        Assert.SkipWhen(cases is null, SharedMaterial.Absent);
        List<string> models = [.. Directory.EnumerateFiles(cases, "model.onnx", SearchOption.AllDirectories).Where(p => new FileInfo(p).Length < 20_000).Order(StringComparer.Ordinal)];
        Random random = new(7);
        int imported = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] bytes = File.ReadAllBytes(models[random.Next(models.Count)]);
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                OnnxModel.Load(bytes).Import();
                imported++;
            }
            catch (ModelException)
            {
                // The only exception that a file may cause.
            }
        }

        Assert.InRange(imported, 100, 3900);
    }

    private static void CheckTypes(Graph graph)
    {
        foreach (Value value in graph.Values)
        {
            Assert.True(value.Type != IrType.Unknown && value.Type is not TensorType { Shape.IsRanked: false }, $"{graph.Name}: {value} made by {value.Producer}");
        }

        foreach (Node node in graph.AllNodes)
        {
            Assert.NotEmpty(node.Provenance.Sources);
        }
    }
}
