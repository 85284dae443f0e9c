using System.Text.Json;
using Peregrine.Onnx;
using Peregrine.Tensors;

namespace Peregrine.Cli.Tests;

public sealed class ConformanceCommandTests(Workplace place)
{
    [Fact]
    public void Both_backends_judge_cases()
    {
        Case("good_relu", "Relu", [0f, 0f, 2f]);
        Case("wrong_neg", "Neg", [1f, 2f, 3f]);
        Case("unknown_operator", "Frobnicate", [0f, 0f, 0f]);
        string skipped = Directory.CreateDirectory(Path.Combine(place.At("cases"), "elsewhere", "test_data_set_0")).Parent!.FullName;
        File.WriteAllText(Path.Combine(skipped, "SOURCE"), "package/model.onnx");

        foreach (string backend in (string[])["reference", "cpu"])
        {
            CliResult result = CliProcess.Run("conformance", place.At("cases"), "--backend", backend, "--json", place.At("cases.json")).Expect(1);
            Assert.Equal("1 passed, 2 failed, 1 skipped", result.LastLine);
            string[] lines = result.Output.TrimEnd().Split('\n');
            Assert.Equal(3, lines.Length);
            Assert.Contains("wrong_neg", string.Join('\n', lines), StringComparison.Ordinal);
            Assert.Contains(lines, l => l.Contains("unknown_operator", StringComparison.Ordinal) && l.Contains("Frobnicate", StringComparison.Ordinal));
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(place.At("cases.json")));
            Assert.Equal(1, json.RootElement.GetProperty("passed").GetInt32());
            Assert.Equal(4, json.RootElement.GetProperty("cases").GetArrayLength());
        }

        Assert.Equal("1 passed, 0 failed, 0 skipped", CliProcess.Run("conformance", place.At("cases"), "--filter", "good*").Expect(0).LastLine);
        Assert.Equal("1 passed, 0 failed, 0 skipped", CliProcess.Run("conformance", place.At("cases"), "--filter", "good*", "--require-tactic", "cpu.*").Expect(0).LastLine);
        CliResult tactic = CliProcess.Run("conformance", place.At("cases"), "--filter", "good*", "--require-tactic", "tpu.*").Expect(1);
        Assert.Contains("No layer has a tactic tpu.*", tactic.Output, StringComparison.Ordinal);
        CliProcess.Run("conformance", place.At("cases"), "--filter", "nothing").ExpectMessage(1, "--filter");
    }

    [Fact]
    public void Tolerances_can_be_given()
    {
        Case("../close-cases/close_relu", "Relu", [0f, 0f, 2.01f]);
        Assert.Equal("0 passed, 1 failed, 0 skipped", CliProcess.Run("conformance", place.At("close-cases")).Expect(1).LastLine);
        Assert.Equal("1 passed, 0 failed, 0 skipped", CliProcess.Run("conformance", place.At("close-cases"), "--rtol", "1e-2").Expect(0).LastLine);
    }

    private void Case(string name, string operatorType, float[] expected)
    {
        string folder = Path.GetDirectoryName(place.OneNode($"cases/{name}", operatorType))!;
        string data = Directory.CreateDirectory(Path.Combine(folder, "test_data_set_0")).FullName;
        OnnxValueFile.Write(Path.Combine(data, "input_0.pb"), Tensor.Vector(-1f, 0f, 2f));
        OnnxValueFile.Write(Path.Combine(data, "output_0.pb"), Tensor.Vector<float>(expected));
    }
}
