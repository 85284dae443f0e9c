using System.Text.Json;

namespace Peregrine.Cli.Tests;

/// <summary>How kernels are chosen, by the options of <c>build</c>, and <c>bench kernel</c>.</summary>
public sealed class TuningTests(Workplace place)
{
    [Fact]
    public void A_second_build_takes_all_times_from_the_cache()
    {
        string cache = place.At("tuning.cache"), engine = place.At("tuned.engine"), report = place.At("tuned.json");
        JsonElement first = Build("--timing-cache", cache), second = Build("--timing-cache", cache);
        Assert.Equal(cache, first.GetProperty("cache").GetString());
        int known = first.GetProperty("measured").GetInt32() + first.GetProperty("rejected").GetInt32();
        Assert.Equal(0, second.GetProperty("measured").GetInt32());
        Assert.Equal(known, second.GetProperty("from_cache").GetInt32() + second.GetProperty("rejected").GetInt32());
        Assert.Equal(Choices(first), Choices(second));
        JsonElement request = first.GetProperty("requests").EnumerateArray().First();
        JsonElement candidate = request.GetProperty("candidates").EnumerateArray().First();
        Assert.True(candidate.TryGetProperty("outcome", out _) && candidate.TryGetProperty("ms", out _) && candidate.TryGetProperty("reason", out _));
        File.WriteAllText(cache, "not a cache\n");
        JsonElement third = Build("--timing-cache", cache);
        Assert.Contains("is no timing cache", third.GetProperty("remarks")[0].GetString()!, StringComparison.Ordinal);
        Assert.Equal("not a cache\n", File.ReadAllText(cache));

        JsonElement Build(params string[] options)
        {
            CliProcess.Run([.. (string[])["build", Workplace.Model, "-o", engine, "--report", report], .. options]).Expect(0);
            return JsonDocument.Parse(File.ReadAllText(report)).RootElement.GetProperty("tuning").Clone();
        }
    }

    [Fact]
    public void Deterministic_builds_are_equal_to_the_byte_and_pins_are_obeyed()
    {
        string first = place.At("first.engine"), second = place.At("second.engine"), tactics = place.At("tactics.json");
        CliProcess.Run("build", Workplace.Model, "-o", first, "--deterministic").Expect(0);
        CliProcess.Run("build", Workplace.Model, "-o", second, "--deterministic", "--tactics", tactics).Expect(0);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        string manifest = File.ReadAllText(tactics);
        CliProcess.Run("build", Workplace.Model, "-o", second, "--tactics", tactics).Expect(0);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.Equal(manifest, File.ReadAllText(tactics));
        File.WriteAllText(tactics, "{}");
        CliProcess.Run("build", Workplace.Model, "-o", second, "--tactics", tactics).ExpectMessage(1, "PG4002", tactics);
    }

    [Fact]
    public void Every_tactic_is_tried_on_a_kernel()
    {
        string json = CliProcess.Run("bench", "kernel", "conv f32 c=16 h=9 w=7 oc=24 k=3 pad=1 stride=2 +residual +relu", "--threads", "2", "--json", "-").Expect(0).Output;
        JsonElement report = JsonDocument.Parse(json).RootElement;
        Assert.Equal(2 * 24 * 5 * 4 * 16 * 9 / 1e9, report.GetProperty("gflop").GetDouble(), 12);
        Assert.Equal([1, 2], report.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("threads").GetInt32()));
        foreach (JsonElement table in report.GetProperty("tables").EnumerateArray())
        {
            JsonElement[] candidates = [.. table.GetProperty("candidates").EnumerateArray()];
            Assert.Single(candidates, c => c.GetProperty("chosen").GetBoolean());
            Assert.DoesNotContain(candidates, c => c.GetProperty("outcome").GetString() == "rejected");
            Assert.Contains(candidates, c => c.GetProperty("tactic").GetString()!.StartsWith("cpu.reference", StringComparison.Ordinal));
        }

        Assert.Contains("GFLOP/s", CliProcess.Run("bench", "kernel", "gemm f32 m=9 n=17 k=33 +bias +gelu", "--threads", "1").Expect(0).Output, StringComparison.Ordinal);
    }

    private static string Choices(JsonElement tuning) => string.Join('\n', tuning.GetProperty("requests").EnumerateArray().Select(r => $"{r.GetProperty("request")} {r.GetProperty("tactic")} {r.GetProperty("option")}"));
}
