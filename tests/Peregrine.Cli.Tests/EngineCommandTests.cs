using System.Text.Json;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli.Tests;

/// <summary>Demo, build, run, bench, compare on the digits model.</summary>
public sealed class EngineCommandTests(Workplace place)
{
    [Fact]
    public void The_demo_recognises_494_of_500()
    {
        CliResult demo = CliProcess.Run("demo").Expect(0);
        Assert.StartsWith("494 of 500", demo.LastLine, StringComparison.Ordinal);
        Assert.Contains("fp32       494 of 500 (98.8 %)", demo.Output, StringComparison.Ordinal);
        Assert.Contains("it is 6", demo.Output, StringComparison.Ordinal);
        Assert.Matches(@"it is \d\? \d!", demo.Output);
    }

    [Fact]
    public void Model_engine_and_thread_counts_give_the_same_bits()
    {
        string[] input = ["--input", $"image={place.Images}", "--output"];
        // Two builds that measure may choose different kernels, which sum in different orders.
        CliProcess.Run(["run", Workplace.Model, .. input, place.At("a"), "--threads", "1", "--deterministic"]).Expect(0);
        CliProcess.Run(["build", Workplace.Model, "-o", place.At("own.engine"), "--report", place.At("report.json"), "--deterministic"]).Expect(0);
        CliProcess.Run(["run", place.At("own.engine"), .. input, place.At("b"), "--threads", "1"]).Expect(0);
        CliResult last = CliProcess.Run(["run", place.At("own.engine"), .. input, place.At("c"), "--threads", "2"]).Expect(0);
        Assert.Contains("probabilities: f32[3,10] min ", last.Output, StringComparison.Ordinal);
        byte[] first = File.ReadAllBytes(Path.Combine(place.At("a"), "probabilities.npy"));
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(place.At("b"), "probabilities.npy")));
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(place.At("c"), "probabilities.npy")));

        // And they are right: the reference interprets the model as it is.
        Tensor expected = (Tensor)Interpreter.Run(OnnxModel.Load(Workplace.Model).Import(), [NumpyFile.Read(place.Images)])[0]!;
        float[] actual = NumpyFile.Read(Path.Combine(place.At("a"), "probabilities.npy")).Span<float>().ToArray();
        Assert.All(actual.Zip(expected.Span<float>().ToArray()), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));

        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(place.At("report.json")));
        Assert.Equal(new FileInfo(place.At("own.engine")).Length, report.RootElement.GetProperty("engine_bytes").GetInt64());
    }

    [Fact]
    public void Random_inputs_follow_the_seed()
    {
        string Run(string seed) => CliProcess.Run("run", place.EngineFile, "--shape", "image=2x1x8x8", "--seed", seed).Expect(0).Output;
        string first = Run("1");
        Assert.Contains("f32[2,10]", first, StringComparison.Ordinal);
        Assert.Equal(first, Run("1"));
        Assert.NotEqual(first, Run("2"));
    }

    [Fact]
    public void Maps_are_printed_as_key_and_value()
    {
        GraphBuilder g = new("classifier");
        g.Output("maps", g.Call(new ZipMap([], ["cat", "dog"]), g.Input("x", DataType.Float32, 2, 2)));
        Onnx.Export.OnnxExporter.Save(g.Build(), place.At("maps.onnx"));
        NumpyFile.Write(place.At("scores.npy"), Tensor.Of<float>([2, 2], [0.25f, 0.75f, 1, 0]));
        CliResult run = CliProcess.Run("run", place.At("maps.onnx"), "--input", $"x={place.At("scores.npy")}", "--output", place.At("maps")).Expect(0);
        Assert.Contains("maps: sequence of 2: {\"cat\": 0.25, \"dog\": 0.75}; {\"cat\": 1, \"dog\": 0}", run.Output, StringComparison.Ordinal);
        Assert.Equal([1f, 0], NumpyFile.Read(Path.Combine(place.At("maps"), "maps.1.values.npy")).Span<float>().ToArray());
        Assert.Equal(["cat", "dog"], NumpyFile.Read(Path.Combine(place.At("maps"), "maps.1.keys.npy")).Strings);
    }

    [Fact]
    public void Names_of_outputs_become_names_of_files()
    {
        CliProcess.Run("run", place.OneNode("named", "Relu"), "--output", place.At("named")).Expect(0);
        Assert.Equal(DataType.Float32, NumpyFile.Read(Path.Combine(place.At("named"), "y_0_out.npy")).Type);
    }

    [Fact]
    public void A_profile_bounds_the_shapes()
    {
        string engine = place.At("profile.engine");
        CliProcess.Run("build", Workplace.Model, "-o", engine, "--profile", "image:min=1x1x8x8,opt=2x1x8x8,max=4x1x8x8").Expect(0);
        Assert.Contains("f32[2,10]", CliProcess.Run("run", engine).Expect(0).Output, StringComparison.Ordinal);
        CliProcess.Run("run", engine, "--shape", "image=5x1x8x8").ExpectMessage(1, "dimension 0 is 5", "[1, 4]");
    }

    [Fact]
    public void Very_verbose_builds_show_passes_and_patches()
    {
        CliResult build = CliProcess.Run("build", Workplace.Model, "-o", place.At("vv.engine"), "-vv", "--verify", "--disable", "EliminateDeadNodes", "--stop-after-patch", "1").Expect(0);
        Assert.Contains("FoldConstants: 1 edits", build.Error, StringComparison.Ordinal);
        Assert.Contains("  1 FoldConstants at", build.Error, StringComparison.Ordinal);
        Assert.Contains("EliminateDeadNodes: switched off", build.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bench_writes_the_contracts_json()
    {
        string json = place.At("bench.json");
        CliProcess.Run("bench", place.EngineFile, "--shape", "image=2x1x8x8", "--threads", "2", "--streams", "2", "--iterations", "5", "--warmup", "0", "--layers", "--json", json).Expect(0);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement root = document.RootElement;
        string[] contract = ["model", "threads", "streams", "precision", "build_ms", "load_ms", "first_run_ms", "latency_ms", "throughput_per_s", "arena_bytes", "weight_bytes", "peak_rss_bytes", "layers"];
        // Members may be added, never changed.
        Assert.Equal(contract, root.EnumerateObject().Select(p => p.Name).Where(contract.Contains));
        Assert.Equal(2, root.GetProperty("threads").GetInt32());
        Assert.Equal(2, root.GetProperty("streams").GetInt32());
        Assert.Equal("fp32", root.GetProperty("precision").GetString());
        Assert.Equal(0, root.GetProperty("build_ms").GetDouble());
        JsonElement latency = root.GetProperty("latency_ms");
        double[] quantiles = [.. latency.EnumerateObject().Where(p => p.Name != "mean").Select(p => p.Value.GetDouble())];
        Assert.Equal(["min", "mean", "median", "p90", "p99"], latency.EnumerateObject().Select(p => p.Name));
        Assert.True(quantiles[0] > 0 && quantiles.SequenceEqual(quantiles.Order()));
        Assert.All((string[])["load_ms", "first_run_ms", "throughput_per_s", "arena_bytes"], name => Assert.True(root.GetProperty(name).GetDouble() > 0, name));
        Assert.True(root.GetProperty("weight_bytes").GetInt64() > 4 * 111_000);
        Assert.True(root.GetProperty("peak_rss_bytes").GetInt64() > 10_000_000);
        JsonElement[] layers = [.. root.GetProperty("layers").EnumerateArray()];
        Assert.Equal(["name", "kind", "tactic", "precision", "ms"], layers[0].EnumerateObject().Select(p => p.Name));
        Assert.Contains(layers, l => l.GetProperty("kind").GetString()!.StartsWith("Conv", StringComparison.Ordinal) && l.GetProperty("ms").GetDouble() > 0);
    }

    [Fact]
    public void Calls_of_a_convolution_network_allocate_nothing()
    {
        string json = place.At("memory.json");
        CliProcess.Run("bench", place.EngineFile, "--shape", "image=2x1x8x8", "--threads", "2", "--iterations", "3000", "--warmup", "0", "--memory", "--json", json).Expect(0);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement memory = document.RootElement.GetProperty("memory");
        Assert.Equal(3000, memory.GetProperty("calls").GetInt64());
        // Other threads of the runtime may allocate a little now and then; a call that did would show at least an object's 24 bytes.
        Assert.True(memory.GetProperty("managed_bytes_per_call").GetDouble() < 12);
        const long Growth = 8 << 20;
        Assert.True(memory.GetProperty("resident_after_bytes").GetInt64() < memory.GetProperty("resident_before_bytes").GetInt64() + Growth);
    }

    [Fact]
    public void Compare_measures_each_output()
    {
        CliResult reference = CliProcess.Run("compare", Workplace.Model, "--against", "reference", "--input", $"image={place.Images}").Expect(0);
        Assert.Matches(@"probabilities f32\[3,10\]: max abs \S+, max rel \S+, SQNR \S+ dB, cosine 1\.0000", reference.Output);
        Tensor zeros = Tensor.Allocate(DataType.Float32, [3, 10]);
        NumpyFile.Write(place.At("zeros.npy"), zeros);
        string against = CliProcess.Run("compare", place.EngineFile, "--against", place.At("zeros.npy"), "--input", $"image={place.Images}").Expect(0).Output;
        Assert.Contains("cosine 0.0000", against, StringComparison.Ordinal);
        Assert.Contains("30 of 30 elements differ", against, StringComparison.Ordinal);
        Assert.Contains("f32[3,10] is expected", CliProcess.Run("compare", Workplace.Model, "--against", place.At("zeros.npy")).Expect(1).Output, StringComparison.Ordinal);
    }
}
