using Peregrine.Ir;

namespace Peregrine.Compiler.Tests.Pipelines;

/// <summary>Graphs of the zoo's models for tests that look at structure only.</summary>
internal static class ZooImport
{
    /// <summary>The zoo keeps large weights outside of the model; a file of zeros, which takes no space, stands in for them.</summary>
    public static Graph WithoutWeights(string folder)
    {
        string copy = Path.Combine(Path.GetTempPath(), $"peregrine-{Path.GetFileName(folder)}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(copy);
        try
        {
            File.Copy(Path.Combine(folder, "model.onnx"), Path.Combine(copy, "model.onnx"));
            using (FileStream weights = File.Create(Path.Combine(copy, "weights.bin")))
            {
                weights.SetLength(1L << 30);
            }

            return OnnxModel.Load(Path.Combine(copy, "model.onnx")).Import();
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
