using Peregrine.Runtime.Format;
using Peregrine.Runtime.Tuning;

namespace Peregrine.Tests;

public sealed class TuningTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-tuning-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Deterministic_builds_are_equal_to_the_byte_at_every_level()
    {
        foreach (int level in new[] { 0, 3 })
        {
            byte[][] builds = [.. Enumerable.Range(0, 2).Select(_ => Bytes(new EngineBuilder().Level(level).Deterministic()))];
            Assert.Equal(builds[0], builds[1]);
        }
    }

    [Fact]
    public void Whatever_is_chosen_gives_the_same_answers()
    {
        using Engine quick = Build(new EngineBuilder().Level(0), out TuningReport none), tuned = Build(new EngineBuilder().Level(5), out TuningReport all);
        Assert.Equal(0, none.Measured);
        Assert.Equal(0, all.Rejected);
        using InferenceContext first = quick.CreateContext(), second = tuned.CreateContext();
        float[] expected = Digits.Probabilities(first, 20), actual = Digits.Probabilities(second, 20);
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void The_cache_makes_further_builds_measure_nothing()
    {
        string cache = Path.Combine(_folder, "timing.cache");
        using Engine first = Build(new EngineBuilder().TimingCache(cache), out TuningReport one), second = Build(new EngineBuilder().TimingCache(cache), out TuningReport two);
        Assert.Equal(one.Measured, two.FromCache);
        Assert.Equal(0, two.Measured);
        Assert.Equal(one.Requests.Select(r => (r.Request, r.Tactic, r.Option)), two.Requests.Select(r => (r.Request, r.Tactic, r.Option)));
        using Engine third = Build(new EngineBuilder().TimingCache(null), out TuningReport three);
        Assert.Equal((one.Measured, 0), (three.Measured, three.FromCache));
    }

    [Fact]
    public void A_cancelled_build_stops_and_the_next_one_goes_on_from_there()
    {
        string cache = Path.Combine(_folder, "timing.cache");
        using CancellationTokenSource cancellation = new();
        TuningReport? report = null;
        // The second request that is tried cancels; what the first one measured is kept.
        Watcher watcher = new(done =>
        {
            if (done > 0)
            {
                cancellation.Cancel();
            }
        });
        EngineBuilder builder = new EngineBuilder().TimingCache(cache).TuningReport(r => report = r);
        try
        {
            using Engine engine = builder.Build(OnnxModel.Load(Digits.ModelPath), watcher, cancellation.Token);
            Assert.Skip("This machine has too few tactics to be interrupted between two.");
        }
        catch (OperationCanceledException)
        {
        }

        int measured = report!.Measured;
        Assert.Equal(measured > 0, File.Exists(cache));
        using Engine whole = Build(new EngineBuilder().TimingCache(cache), out TuningReport second);
        Assert.Equal(measured, second.FromCache);
    }

    private sealed class Watcher(Action<int> tuning) : IProgress<Compiler.BuildProgress>
    {
        public void Report(Compiler.BuildProgress value)
        {
            if (value.Stage.StartsWith("Tune ", StringComparison.Ordinal))
            {
                tuning(value.Done);
            }
        }
    }

    private static Engine Build(EngineBuilder builder, out TuningReport report)
    {
        TuningReport? told = null;
        Engine engine = builder.TuningReport(r => told = r).Build(OnnxModel.Load(Digits.ModelPath));
        report = told!;
        return engine;
    }

    private static byte[] Bytes(EngineBuilder builder)
    {
        using Engine engine = Build(builder, out _);
        return EngineCodec.ToArray(engine.Content);
    }
}
