using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli.Tests;

/// <summary><c>convert</c>: what is written means the same, and nothing is half-written.</summary>
public sealed class ConvertCommandTests(Workplace place)
{
    [Theory]
    [InlineData("plain.onnx")]
    [InlineData("optimized.onnx", "--optimize")]
    [InlineData("fixed.onnx", "--optimize", "--shape", "image=3x1x8x8")]
    public void A_written_model_computes_the_same(string name, params string[] options)
    {
        string path = place.At(name);
        CliResult result = CliProcess.Run(["convert", Workplace.Model, "-o", path, .. options]).Expect(0);
        Assert.Contains($"{name}: ", result.LastLine, StringComparison.Ordinal);
        Graph original = OnnxModel.Load(Workplace.Model).Import(), written = OnnxModel.Load(path).Import();
        Assert.Equal(original.Inputs.Select(i => i.Name), written.Inputs.Select(i => i.Name));
        Assert.Equal(original.Outputs.Select(o => o.Name), written.Outputs.Select(o => o.Name));
        Assert.True(written.AllNodes.Count() <= original.AllNodes.Count());
        Tensor images = NumpyFile.Read(place.Images);
        Tensor expected = (Tensor)Interpreter.Run(original, [images])[0]!, actual = (Tensor)Interpreter.Run(written, [images])[0]!;
        Assert.All(actual.Span<float>().ToArray().Zip(expected.Span<float>().ToArray()), pair => Assert.Equal(pair.Second, pair.First, 1e-6f));
    }

    [Fact]
    public void A_failure_leaves_the_target_as_it_was()
    {
        string target = place.At("kept.onnx"), damaged = place.At("damaged.onnx");
        File.WriteAllText(target, "kept");
        File.WriteAllBytes(damaged, File.ReadAllBytes(Workplace.Model)[..200]);
        CliProcess.Run("convert", damaged, "-o", target).ExpectMessage(1, "damaged.onnx");
        Assert.Equal("kept", File.ReadAllText(target));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(target)!, "kept.onnx.*.tmp"));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named() =>
        CliProcess.Run("convert", Workplace.Model, "-o", Path.Combine(place.At("nowhere"), "x.onnx")).ExpectMessage(1, "nowhere");
}
