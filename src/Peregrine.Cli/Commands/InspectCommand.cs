using System.CommandLine;
using Peregrine.Cli.Inspection;
using Peregrine.Cli.Options;
using Peregrine.Compiler;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Text;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine inspect</c>: what an engine consists of.</summary>
internal sealed class InspectCommand : CliCommand
{
    private readonly Argument<string> _target = TargetArgument.EngineOrModel();
    private readonly Option<bool> _json = new("--json") { Description = "Print everything as JSON, for programs." };
    private readonly Option<bool> _capability = new("--capability") { Description = "Only tell what of an ONNX model is not supported, and where, or else which kernels compute its nodes, by their estimates; the exit code is 1 if anything is not supported." };
    private readonly Option<bool> _graph = new("--graph") { Description = "Only print the graph of an ONNX model as the passes leave it, before kernels are chosen." };
    private readonly Option<string[]> _shapes = new("--shape") { Description = "Shape of an input, at which memory is planned; fixes it when a model is built. May be repeated.", HelpName = "NAME=1x3x224x224", Arity = ArgumentArity.OneOrMore };
    private readonly BuildSettings _settings;

    public InspectCommand()
        : base("inspect", "Shows layers, tactics, formats, precisions and memory of an engine, and which nodes of the model each layer stands for.")
    {
        Add(_target);
        Add(_json);
        Add(_capability);
        Add(_graph);
        Add(_shapes);
        _settings = new(this);
        AddVerbosity();
    }

    public override string Notes => """
          Each result stands with its slot and place: input, constant, arena (planned memory), growable or managed (sizes that the data decide), view and dims (free).
          --graph with --stop-after-patch 0 prints the graph as it was imported; --disable leaves passes and rewrites out.
          The arena is shown at the shapes that --shape gives, or at the maximum of the engine's first profile.
        """;

    public override string Examples => """
          peregrine inspect model.engine
          peregrine inspect model.onnx --shape data=8x3x224x224
          peregrine inspect model.onnx --capability
          peregrine inspect model.onnx --graph --disable FormRegions
          peregrine inspect model.engine --json
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        string path = parse.GetRequiredValue(_target);
        bool json = parse.GetValue(_json);
        Dictionary<string, IReadOnlyList<long>> shapes = ShapeText.ParseShapes(parse.GetValue(_shapes) ?? []);
        if (parse.GetValue(_capability))
        {
            if (TargetFile.IsEngine(path))
            {
                throw new UsageException("--capability examines ONNX models; an engine is supported as it is.");
            }

            CapabilityReport report = OnnxModel.Load(path).Examine(new() { Shapes = shapes });
            CapabilityInspection capability = CapabilityInspection.Of(path, report, report.IsSupported ? Coverage(path, shapes, parse, session) : null);
            if (json)
            {
                session.Write(Report.ToJson(capability));
            }
            else
            {
                capability.Print(session);
            }

            return capability.Supported ? ExitCode.Done : ExitCode.BadInput;
        }

        if (parse.GetValue(_graph))
        {
            if (json || TargetFile.IsEngine(path))
            {
                throw new UsageException("--graph prints the graph of an ONNX model as text; an engine has none any more.");
            }

            PrintGraph(path, shapes, _settings.PassOptions(parse, session), session);
            return ExitCode.Done;
        }

        using OpenedEngine opened = OpenedEngine.Open(path, shapes, _settings, parse, session);
        EngineInspection inspection = EngineInspector.Inspect(opened.Engine, opened.Model is null ? "engine" : "onnx", opened.Model, shapes);
        if (json)
        {
            session.Write(Report.ToJson(inspection));
        }
        else
        {
            InspectionText.Print(inspection, session);
        }

        return ExitCode.Done;
    }

    /// <summary>Builds the model in memory, with nothing timed, and sees who computes what.</summary>
    private KernelCoverage Coverage(string path, Dictionary<string, IReadOnlyList<long>> shapes, ParseResult parse, Session session)
    {
        EngineBuilder builder = _settings.CreateBuilder(parse, session).Level(0);
        foreach ((string input, IReadOnlyList<long> dims) in shapes)
        {
            builder.Shape(input, [.. dims]);
        }

        OnnxModel model = OnnxModel.Load(path);
        using Engine engine = builder.Build(model, null, session.Cancellation);
        return KernelCoverage.Of(EngineInspector.Inspect(engine, "onnx", model, shapes));
    }

    private static void PrintGraph(string path, Dictionary<string, IReadOnlyList<long>> shapes, CompileOptions options, Session session)
    {
        DiagnosticBag findings = new();
        Graph graph = OnnxModel.Load(path).Import(new() { Shapes = shapes }, findings);
        foreach (Diagnostic finding in findings.Items)
        {
            session.Remark(finding.ToString());
        }

        ModelCompiler.Optimize(graph, options, new(), cancellation: session.Cancellation);
        session.Write(GraphPrinter.Print(graph).TrimEnd('\n'));
    }
}
