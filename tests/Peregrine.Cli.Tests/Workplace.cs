using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

[assembly: AssemblyFixture(typeof(Peregrine.Cli.Tests.Workplace))]

namespace Peregrine.Cli.Tests;

/// <summary>A folder of files for all tests: the digits model, its engine, inputs, and damaged files.</summary>
public sealed class Workplace : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-cli-").FullName;

    public Workplace()
    {
        using (Engine engine = new EngineBuilder().Build(OnnxModel.Load(Model)))
        {
            engine.Save(EngineFile);
        }

        NumpyFile.Write(Images, RandomTensor.Create(DataType.Float32, [3, 1, 8, 8], 5));
    }

    public static string Model { get; } = Path.Combine(AppContext.BaseDirectory, "digits.onnx");

    /// <summary>The digits engine, saved.</summary>
    public string EngineFile => At("digits.engine");

    /// <summary>Three images for it.</summary>
    public string Images => At("images.npy");

    /// <summary>A path in the folder.</summary>
    public string At(string name) => Path.Combine(_folder, name);

    /// <summary>Writes a file with these bytes.</summary>
    public string Bytes(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    /// <summary>Writes a model x f32[3] → one operator → y.</summary>
    public string OneNode(string folder, string operatorType, string domain = "")
    {
        Directory.CreateDirectory(At(folder));
        OnnxTypeProto type = new() { Kind = OnnxTypeKind.Tensor, ElementType = DataType.Float32, Shape = new() { Dims = [new() { Value = 3 }] } };
        OnnxModelProto model = new()
        {
            IrVersion = 10,
            OperatorSets = [new() { Version = 21 }, .. domain.Length > 0 ? [new OnnxOperatorSet { Domain = domain, Version = 1 }] : Array.Empty<OnnxOperatorSet>()],
            Graph = new()
            {
                Name = "g",
                Inputs = [new() { Name = "x", Type = type }],
                Outputs = [new() { Name = "y:0/out", Type = type }],
                Nodes = [new() { Name = "the_node", OperatorType = operatorType, Domain = domain, Inputs = ["x"], Outputs = ["y:0/out"] }],
            },
        };
        string path = Path.Combine(At(folder), "model.onnx");
        OnnxFile.Save(path, model);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
