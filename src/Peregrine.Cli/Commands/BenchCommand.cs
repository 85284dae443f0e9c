using System.CommandLine;
using System.Diagnostics;
using Peregrine.Cli.Benchmarking;
using Peregrine.Cli.Inputs;
using Peregrine.Cli.Options;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine bench</c>: how fast an engine is.</summary>
internal sealed class BenchCommand : CliCommand
{
    private readonly Argument<string> _target = TargetArgument.EngineOrModel();
    private readonly Option<int> _streams = new("--streams") { Description = "Calls at the same time, each with buffers of its own.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> _iterations = new("--iterations") { Description = "Measured calls per stream, at least. Default: 5, or 1 where --duration is given.", HelpName = "N" };
    private readonly Option<double?> _duration = new("--duration") { Description = "Seconds to measure, at least. Default: 3, or 0 where --iterations is given.", HelpName = "S" };
    private readonly Option<double> _warmup = new("--warmup") { Description = "Milliseconds of calls before measuring; at least one call per stream.", HelpName = "MS", DefaultValueFactory = _ => 200 };
    private readonly Option<bool> _layers = new("--layers") { Description = "Also time each layer, in further calls." };
    private readonly Option<bool> _memory = new("--memory") { Description = "Also make as many calls again on one stream, and tell what they allocate and how resident memory changes." };
    private readonly Option<string?> _json = new("--json") { Description = "Writes the result as JSON (- for the standard output, and nothing else there).", HelpName = "FILE" };
    private readonly InputSettings _inputs;
    private readonly BuildSettings _settings;

    public BenchCommand()
        : base("bench", "Measures latency, throughput and memory of an engine or a model.")
    {
        Add(_target);
        _inputs = new(this);
        Add(_streams);
        Add(_iterations);
        Add(_duration);
        Add(_warmup);
        Add(_layers);
        Add(_memory);
        Add(_json);
        _settings = new(this);
        Add(new BenchKernelCommand());
        AddVerbosity();
    }

    public override string Notes => """
          A call is timed from inputs in the caller's plain row-major buffers to outputs in such buffers, reformats and copies included; floats in the inputs change between calls.
          load_ms is the opening of the file; build_ms is 0 for an engine file; arena_bytes is the memory of all streams; layers is empty without --layers,
          memory null without --memory.
        """;

    public override string Examples => """
          peregrine bench model.engine
          peregrine bench model.engine --shape data=8x3x224x224 --threads 8 --json result.json
          peregrine bench model.onnx --streams 4 --threads 1 --duration 10
          peregrine bench model.engine --layers
          peregrine bench model.engine --iterations 10000 --memory
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        InputRequest request = _inputs.Request(parse);
        BenchmarkLength length = Length(parse);
        int streams = parse.GetValue(_streams);
        if (streams is < 1 or > 1024)
        {
            throw new UsageException("--streams must be 1 to 1024.");
        }

        string path = parse.GetRequiredValue(_target);
        using OpenedEngine opened = OpenedEngine.Open(path, request.Shapes, _settings, parse, session);
        Benchmark benchmark = new(opened.Engine, request, length);
        benchmark.Run(streams, parse.GetValue(_layers), parse.GetValue(_memory), session.Cancellation);
        using Process process = Process.GetCurrentProcess();
        BenchmarkReport report = new(
            path,
            opened.Engine.Backend.Device.Parallelism,
            streams,
            opened.Engine.Content.Manifest.Precision,
            opened.BuildMilliseconds,
            opened.LoadMilliseconds,
            benchmark.FirstRun,
            benchmark.Latency,
            benchmark.Throughput,
            benchmark.ArenaBytes,
            benchmark.Planned.Peak,
            benchmark.Planned.Least,
            opened.Engine.WeightBytes,
            // Not every system keeps a peak.
            Math.Max(process.PeakWorkingSet64, process.WorkingSet64),
            benchmark.Layers,
            benchmark.Memory);
        string? json = parse.GetValue(_json);
        if (json is not null)
        {
            Report.Write(json, report, session);
        }

        if (json != "-")
        {
            Print(report, session);
        }

        return ExitCode.Done;
    }

    private BenchmarkLength Length(ParseResult parse)
    {
        int? iterations = parse.GetValue(_iterations);
        double? duration = parse.GetValue(_duration);
        double warmup = parse.GetValue(_warmup);
        if (iterations is < 1 or > 100_000_000)
        {
            throw new UsageException("--iterations must be 1 to 100000000.");
        }

        if (duration is not (null or (>= 0 and <= 1e6)) || warmup is not (>= 0 and <= 1e9))
        {
            throw new UsageException("--duration (seconds) and --warmup (milliseconds) must be 0 or more.");
        }

        return new(iterations ?? (duration is null ? 5 : 1), TimeSpan.FromSeconds(duration ?? (iterations is null ? 3 : 0)), TimeSpan.FromMilliseconds(warmup));
    }

    private static void Print(BenchmarkReport report, Session session)
    {
        LatencyReport latency = report.LatencyMs;
        session.Write($"{report.Model}: {report.Threads} threads, {report.Streams} streams, {report.Precision}");
        session.Write($"latency    min {latency.Min:F3} ms, mean {latency.Mean:F3}, median {latency.Median:F3}, p90 {latency.P90:F3}, p99 {latency.P99:F3}");
        session.Write($"throughput {report.ThroughputPerS:F1} calls per second");
        session.Write($"build {report.BuildMs:F1} ms, load {report.LoadMs:F1} ms, first run {report.FirstRunMs:F2} ms");
        session.Write($"weights {Sizes.Text(report.WeightBytes)}, arena {Sizes.Text(report.ArenaBytes)} (planned {Sizes.Text(report.ArenaPeakBytes)} a stream, least possible {Sizes.Text(report.ArenaLeastBytes)}), peak memory {Sizes.Text(report.PeakRssBytes)}");
        if (report.Memory is { } memory)
        {
            session.Write($"{memory.Calls} further calls: {memory.ManagedBytesPerCall:F1} managed bytes per call, resident memory {Sizes.Text(memory.ResidentBeforeBytes)} before, {Sizes.Text(memory.ResidentAfterBytes)} behind");
        }

        if (report.Layers.Count == 0)
        {
            return;
        }

        double total = Math.Max(report.Layers.Sum(l => l.Ms), double.Epsilon);
        session.Write($"\n{"ms",10} {"%",6}  kind / tactic / precision / layer");
        foreach (LayerTime layer in report.Layers.OrderByDescending(l => l.Ms))
        {
            session.Write($"{layer.Ms,10:F4} {100 * layer.Ms / total,6:F1}  {layer.Kind,-20} {layer.Tactic,-22} {layer.Precision,-5} {layer.Name}");
        }
    }
}
