using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

public sealed class ZooTests(PeerFixture fixture)
{
    private static string Cache => Path.Combine(Path.GetTempPath(), "peregrine-zoo");

    [Theory]
    [InlineData("mnist_cnn")]
    [InlineData("yolov5s")]
    public void ONNX_Runtime_gives_the_recorded_answers(string name)
    {
        OnnxRuntimePeer peer = fixture.Peer;
        string model = ZooModels.Expand(Materials.Shared("zoo"), Cache, name);
        ZooCheck check = ZooCheck.Read(Path.Combine(Path.GetDirectoryName(model)!, "check.json"));
        using OnnxRuntimeSession session = peer.Load(model);
        Assert.Null(check.Verify(session.Run(check.MakeInputs())[check.Output]));
        // Another input must give another answer, or the check could not fail.
        Assert.NotNull(check.Verify(session.Run(check.MakeInputs(variant: 1))[check.Output]));
    }

    [Fact]
    public void Every_recipe_is_understood()
    {
        string zoo = Materials.Shared("zoo");
        Assert.Equal(8, ZooModels.Names(zoo).Count);
        foreach (string name in ZooModels.Names(zoo))
        {
            Assert.NotEmpty(ZooCheck.Read(Path.Combine(zoo, name, "check.json")).MakeInputs());
        }

        Dictionary<string, Tensor> inputs = ZooCheck.Read(Path.Combine(zoo, "bert_base", "check.json")).MakeInputs();
        Assert.Equal([13L, 7932, 15851], inputs["input_ids"].Span<long>()[..3].ToArray());
        Assert.Equal(Enumerable.Repeat(1L, 128), inputs["attention_mask"].Span<long>().ToArray());
        Assert.Equal(Enumerable.Repeat(0L, 128), inputs["token_type_ids"].Span<long>().ToArray());
        Assert.Equal([13L], ZooCheck.Read(Path.Combine(zoo, "gpt2_small", "check.json")).MakeInputs()["input_ids"].Span<long>().ToArray());
    }

    [Fact]
    public void A_deviation_is_named()
    {
        ZooCheck check = ZooCheck.Read(Materials.Shared("zoo", "mnist_cnn", "check.json"));
        Tensor answer = Tensor.Of<float>([1, 10], [.. check.Samples]);
        Assert.Null(check.Verify(answer));
        answer.Span<float>()[7] += (float)(0.002 * check.Std);
        Assert.Contains("element 7 ", check.Verify(answer), StringComparison.Ordinal);
        answer.Span<float>()[7] = float.NaN;
        Assert.Contains("NaN", check.Verify(answer), StringComparison.Ordinal);
        Assert.Contains("[10,1]", check.Verify(answer.WithDims([10, 1])), StringComparison.Ordinal);
    }

    [Fact]
    public void Expansion_is_kept_and_repaired()
    {
        string zoo = Materials.Shared("zoo"), target = Path.Combine(Path.GetTempPath(), $"peregrine-zoo-{Environment.ProcessId}");
        try
        {
            string weights = Path.Combine(Path.GetDirectoryName(ZooModels.Expand(zoo, target, "mnist_cnn"))!, "weights.bin");
            byte[] first = File.ReadAllBytes(weights);
            DateTime written = File.GetLastWriteTimeUtc(weights);
            ZooModels.Expand(zoo, target, "mnist_cnn");
            Assert.Equal(written, File.GetLastWriteTimeUtc(weights));
            File.WriteAllBytes(weights, first[..1000]);
            ZooModels.Expand(zoo, target, "mnist_cnn");
            Assert.Equal(first, File.ReadAllBytes(weights));
            Assert.Contains("mnist_cnn", Assert.Throws<FileNotFoundException>(() => ZooModels.Expand(zoo, target, "nobody")).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(target, recursive: true);
        }
    }
}
