using System.CommandLine;
using Peregrine.Cli.Conformance;
using Peregrine.Cli.Options;
using Peregrine.Compiler;
using Peregrine.Conformance;
using Peregrine.Diagnostics;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine conformance</c>: runs ONNX backend test cases.</summary>
internal sealed class ConformanceCommand : CliCommand
{
    private readonly Argument<string[]> _folders = new("DIR") { Description = "Folders in which cases are looked for, at any depth.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _backend = new("--backend") { Description = "reference interprets the graph; cpu builds an engine and runs it.", HelpName = "reference|cpu", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string?> _models = new("--models") { Description = "Where the models of cases without model.onnx lie: DIR/<the path in the case's SOURCE file>.", HelpName = "DIR" };
    private readonly Option<string?> _filter = new("--filter") { Description = "Only cases whose name matches, with * and ?.", HelpName = "GLOB" };
    private readonly Option<double?> _relative = new("--rtol") { Description = "Relative tolerance. Default: 1e-3; float16 1e-2, bfloat16 2e-2.", HelpName = "X" };
    private readonly Option<double?> _absolute = new("--atol") { Description = "Absolute tolerance. Default: 1e-7, on cpu and behind approximate operators at least 1e-6 of the largest expected magnitude; float16 1e-3.", HelpName = "X" };
    private readonly Option<string?> _tactic = new("--require-tactic") { Description = "A case passes only if a layer of it has a tactic that matches, with * and ? (backend cpu).", HelpName = "GLOB" };
    private readonly Option<string?> _json = new("--json") { Description = "Writes the result of every case as JSON (- for the standard output).", HelpName = "FILE" };
    private readonly BuildSettings _settings;

    public ConformanceCommand()
        : base("conformance", "Runs ONNX backend test cases: folders with model.onnx and test_data_set_N/{input,output}_i.pb.")
    {
        Add(_folders);
        Add(_backend);
        Add(_models);
        Add(_filter);
        Add(_relative);
        Add(_absolute);
        Add(_tactic);
        Add(_json);
        _settings = new(this, defaultLevel: 0);
        AddVerbosity();
    }

    public override string Notes => """
          A line per failed case with the reason (-v: a line per case), and last: N passed, N failed, N skipped. The exit code is 1 if a case failed or none was found.
          float8, 4-bit and quantised outputs must be equal, or one step apart where the operator rounds a float result.
        """;

    public override string Examples => """
          peregrine conformance onnx/backend/test/data/node
          peregrine conformance cases --backend reference --filter 'test_conv*'
          peregrine conformance real-cases --models node_modules --rtol 1e-3 --atol 1e-4
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        string backend = parse.GetValue(_backend)!;
        string? tactic = parse.GetValue(_tactic);
        if (backend is not ("cpu" or "reference"))
        {
            throw new UsageException($"--backend {backend}: there are reference and cpu.");
        }

        if (tactic is not null && backend == "reference")
        {
            throw new UsageException("--require-tactic needs --backend cpu; the reference has no tactics.");
        }

        double? relative = Tolerance(parse, _relative), absolute = Tolerance(parse, _absolute);
        ConformanceOptions options = new() { RelativeTolerance = relative, AbsoluteTolerance = absolute, MagnitudeTolerance = backend == "cpu" ? 1e-6 : 0 };
        EngineBuilder builder = _settings.CreateBuilder(parse, session);
        IReadOnlyList<ConformanceCase> cases = ConformanceCase.Find(parse.GetRequiredValue(_folders), parse.GetValue(_models), parse.GetValue(_filter));
        if (cases.Count == 0)
        {
            throw new ModelException(Diagnostic.Error("PG1040", "There is no case in these folders.", suggestion: "A case is a folder with model.onnx (or SOURCE) and test_data_set_0; check the folders and --filter."));
        }

        ConformanceRunner runner = new(model => backend == "cpu" ? new CpuConformanceEngine(model, builder, tactic) : new ReferenceConformanceEngine(model), options);
        string? json = parse.GetValue(_json);
        ConformanceReport report = ProgressDisplay.Run(session with { Verbosity = 0 }, "Cases", progress => Run(runner, cases, progress, json == "-", session));
        if (json is not null)
        {
            Report.Write(json, new ConformanceSummary(backend, report.Passed, report.Failed, report.Skipped, [.. report.Results.Select(CaseSummary.Of)]), session);
        }

        if (json != "-")
        {
            session.Write(report.Summary);
        }

        return report.Failed == 0 ? ExitCode.Done : ExitCode.BadInput;
    }

    private static ConformanceReport Run(ConformanceRunner runner, IReadOnlyList<ConformanceCase> cases, IProgress<BuildProgress> progress, bool isSilent, Session session)
    {
        int done = 0;
        return runner.Run(
            cases,
            result =>
            {
                if (!isSilent && (session.Verbosity > 0 || result.Outcome is ConformanceOutcome.Failed or ConformanceOutcome.Crashed))
                {
                    session.Write(result.ToString());
                }

                progress.Report(new(result.Name, ++done, cases.Count));
            },
            session.Cancellation);
    }

    private static double? Tolerance(ParseResult parse, Option<double?> option) =>
        parse.GetValue(option) is not { } value ? null : value is >= 0 and < double.PositiveInfinity ? value : throw new UsageException($"{option.Name} must be 0 or more.");

    internal sealed record ConformanceSummary(string Backend, int Passed, int Failed, int Skipped, IReadOnlyList<CaseSummary> Cases);

    internal sealed record CaseSummary(string Name, string Outcome, string Reason, double Ms)
    {
        public static CaseSummary Of(ConformanceResult result) => new(result.Name, result.Outcome.ToString().ToLowerInvariant(), result.Reason, result.Duration.TotalMilliseconds);
    }
}
