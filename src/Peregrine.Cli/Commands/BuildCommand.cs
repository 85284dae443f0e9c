using System.CommandLine;
using System.Diagnostics;
using Peregrine.Cli.Inspection;
using Peregrine.Cli.Options;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine build</c>: a model becomes an engine file.</summary>
internal sealed class BuildCommand : CliCommand
{
    private readonly Argument<string> _model = TargetArgument.Model();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The engine file to write. It is written beside its target and renamed, so it is either whole or untouched.", HelpName = "FILE", Required = true };
    private readonly Option<string[]> _profiles = new("--profile") { Description = "Range of shapes of one input. Repeated for other inputs it extends the profile; an input that was named before begins another profile.", HelpName = "NAME:min=1x3x8x8,opt=8x3x8x8,max=32x3x8x8", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _shapes = new("--shape") { Description = "Fixes the shape of an input. May be repeated.", HelpName = "NAME=1x3x224x224", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _report = new("--report") { Description = "Writes what was built as JSON: layers, kernels with all candidates and their times, memory (- for the standard output).", HelpName = "FILE.json" };
    private readonly BuildSettings _settings;
    private readonly CalibrationSettings _calibration;

    public BuildCommand()
        : base("build", "Builds an ONNX model into an engine file, which loads quickly and is verified when it is opened.")
    {
        Add(_model);
        Add(_output);
        Add(_profiles);
        Add(_shapes);
        _settings = new(this);
        _calibration = new(this);
        Add(_report);
        AddVerbosity();
    }

    public override string Notes => """
          Dimensions that the model leaves open stay open in the engine, unless --shape fixes them or --profile bounds them.
        """;

    public override string Examples => """
          peregrine build resnet50.onnx -o resnet50.engine
          peregrine build resnet50.onnx -o resnet50.engine --shape data=1x3x224x224
          peregrine build digits.onnx -o digits.engine --profile image:min=1x1x8x8,opt=8x1x8x8,max=64x1x8x8
          peregrine build model.onnx -o model.engine -vv --disable FoldConstants
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        _calibration.Check(parse);
        EngineBuilder builder = _settings.CreateBuilder(parse, session);
        foreach ((string input, IReadOnlyList<long> dims) in ShapeText.ParseShapes(parse.GetValue(_shapes) ?? []))
        {
            builder.Shape(input, [.. dims]);
        }

        AddProfiles(builder, parse);
        string path = parse.GetRequiredValue(_model), output = parse.GetRequiredValue(_output);
        long start = Stopwatch.GetTimestamp();
        OnnxModel model = OnnxModel.Load(path);
        using Engine engine = ProgressDisplay.Run(session, "Building", progress => builder.Build(model, progress, session.Cancellation));
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        engine.Save(output, session.Cancellation);
        long size = new FileInfo(output).Length;
        if (parse.GetValue(_report) is { } report)
        {
            Report.Write(report, new BuildReport(path, output, milliseconds, size, EngineInspector.Inspect(engine, "engine", model), TuningSummary.Of(_settings.Tuning)), session);
        }

        session.Write($"{output}: {Sizes.Text(size)}, {engine.Content.Plan.Steps.Count} steps of {engine.Content.Manifest.SourceNodes} nodes, weights {Sizes.Text(engine.WeightBytes)}, built in {milliseconds:F0} ms");
        return ExitCode.Done;
    }

    private void AddProfiles(EngineBuilder builder, ParseResult parse)
    {
        List<Dictionary<string, (long[] Min, long[] Opt, long[] Max)>> profiles = [];
        foreach (string text in parse.GetValue(_profiles) ?? [])
        {
            (string input, long[] min, long[] opt, long[] max) = ShapeText.ParseProfile(text);
            if (profiles.Count == 0 || profiles[^1].ContainsKey(input))
            {
                profiles.Add(new(StringComparer.Ordinal));
            }

            profiles[^1].Add(input, (min, opt, max));
        }

        for (int i = 0; i < profiles.Count; i++)
        {
            Dictionary<string, (long[] Min, long[] Opt, long[] Max)> inputs = profiles[i];
            builder.Profile(FormattableString.Invariant($"profile{i}"), profile =>
            {
                foreach ((string input, (long[] min, long[] opt, long[] max)) in inputs)
                {
                    profile.Input(input, min, opt, max);
                }
            });
        }
    }

    internal sealed record BuildReport(string Model, string Engine, double BuildMs, long EngineBytes, EngineInspection Inspection, TuningSummary? Tuning);
}
