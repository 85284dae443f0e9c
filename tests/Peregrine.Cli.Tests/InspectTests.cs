using System.Text.Json;
using Peregrine.Ir;

namespace Peregrine.Cli.Tests;

public sealed class InspectTests(Workplace place)
{
    [Fact]
    public void Every_node_of_the_model_is_named()
    {
        string[] nodes = [.. OnnxModel.Load(Workplace.Model).Import().AllNodes.Select(n => n.Name)];
        using JsonDocument document = JsonDocument.Parse(CliProcess.Run("inspect", Workplace.Model, "--json", "--shape", "image=4x1x8x8").Expect(0).Output);
        JsonElement root = document.RootElement;
        JsonElement[] layers = [.. root.GetProperty("layers").EnumerateArray()];
        Assert.All(layers, l => Assert.NotEqual(0, l.GetProperty("sources").GetArrayLength()));
        HashSet<string> named = [.. layers.SelectMany(l => l.GetProperty("sources").EnumerateArray()).Concat(root.GetProperty("removed_nodes").EnumerateArray()).Select(n => n.GetString()!)];
        Assert.Superset(nodes.ToHashSet(StringComparer.Ordinal), named);
        Assert.True(root.GetProperty("arena_peak_bytes").GetInt64() > 0);
        Assert.True(root.GetProperty("weight_bytes").GetInt64() > 4 * 111_000);
        JsonElement convolution = layers.First(l => l.GetProperty("kind").GetString()!.StartsWith("Conv", StringComparison.Ordinal));
        Assert.NotEqual("", convolution.GetProperty("tactic").GetString());
        Assert.Equal("fp32", convolution.GetProperty("precision").GetString());
        JsonElement output = convolution.GetProperty("outputs")[0];
        Assert.Equal("f32[4,32,16,16]", output.GetProperty("type").GetString());
        Assert.Equal("arena", output.GetProperty("memory").GetString());
        Assert.Equal(4 * 32 * 16 * 16 * 4, output.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void The_text_shows_the_same_layers()
    {
        string text = CliProcess.Run("inspect", place.EngineFile).Expect(0).Output;
        Assert.Contains("image : f32[batch,1,8,8]", text, StringComparison.Ordinal);
        Assert.Contains("give them with --shape", text, StringComparison.Ordinal);
        foreach (Node node in OnnxModel.Load(Workplace.Model).Import().AllNodes.Where(n => n.Operator is Operators.Conv))
        {
            Assert.Contains(node.Name, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_named()
    {
        CliProcess.Run("inspect", place.EngineFile, "--shape", "picture=1x1x8x8").ExpectMessage(1, "picture");
        CliProcess.Run("inspect", place.EngineFile, "--shape", "image=1x3x8x8").ExpectMessage(1, "1x3x8x8", "image");
    }

    [Fact]
    public void Capability_names_an_invented_operator()
    {
        string model = place.OneNode("invented", "Frobnicate", "example.org");
        CliResult text = CliProcess.Run("inspect", model, "--capability").Expect(1);
        Assert.Contains("Frobnicate \"the_node\" (domain example.org", text.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(CliProcess.Run("inspect", model, "--capability", "--json").Expect(1).Output);
        JsonElement node = json.RootElement.GetProperty("unsupported")[0];
        Assert.Equal("the_node", node.GetProperty("node").GetString());
        Assert.Equal("example.org", node.GetProperty("domain").GetString());
        CliProcess.Run("run", model).ExpectMessage(1, "Frobnicate", "the_node");
        string supported = CliProcess.Run("inspect", Workplace.Model, "--capability").Expect(0).Output;
        Assert.Contains("nodes are supported", supported, StringComparison.Ordinal);
        Assert.Matches("[0-9]+ layers? by cpu\\.[a-z]+", supported);
        using JsonDocument kernels = JsonDocument.Parse(CliProcess.Run("inspect", Workplace.Model, "--capability", "--json").Expect(0).Output);
        Assert.NotEmpty(kernels.RootElement.GetProperty("kernels").GetProperty("families").EnumerateArray());
    }
}
