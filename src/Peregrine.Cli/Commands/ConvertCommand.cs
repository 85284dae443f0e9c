using System.CommandLine;
using Peregrine.Cli.Options;
using Peregrine.Compiler;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Export;
using Peregrine.Onnx.Wire;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine convert</c>: a model becomes a model of newer operators, simplified if asked for.</summary>
internal sealed class ConvertCommand : CliCommand
{
    private readonly Argument<string> _model = TargetArgument.Model();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The model to write, with all weights in it. It is written beside its target and renamed, so it is either whole or untouched.", HelpName = "OUT.onnx", Required = true };
    private readonly Option<bool> _optimize = new("--optimize") { Description = "Run the compiler's rewrites: constants folded, shape arithmetic dissolved, operators fused as far as ONNX has an operator for the result." };
    private readonly Option<int?> _opset = new("--opset") { Description = "The lowest operator set to declare, 13 to 28, by default the model's own; a newer one is declared where an operator's present form needs it.", HelpName = "N" };
    private readonly Option<string[]> _shapes = new("--shape") { Description = "Fixes the shape of an input. May be repeated.", HelpName = "NAME=1x3x224x224", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _disable = new("--disable") { Description = "Switch a pass or rewrite of --optimize off, by the name that -vv shows. May be repeated.", HelpName = "PASS", Arity = ArgumentArity.OneOrMore };

    public ConvertCommand()
        : base("convert", "Writes an ONNX model anew: old operators become today's, functions are inlined, and with --optimize the model is simplified.")
    {
        Add(_model);
        Add(_output);
        Add(_optimize);
        Add(_opset);
        Add(_shapes);
        Add(_disable);
        AddVerbosity();
    }

    public override string Notes => """
          The result is standard ONNX and computes the same: inputs and outputs keep their names, types and open dimensions.
          A model of operator set 6 (is_test, consumed_inputs, broadcast, ...) so becomes one of operator set 13 or newer, which today's tools read.
        """;

    public override string Examples => """
          peregrine convert old.onnx -o new.onnx
          peregrine convert model.onnx -o small.onnx --optimize
          peregrine convert model.onnx -o fixed.onnx --optimize --shape data=1x3x224x224
          peregrine convert model.onnx -o model2.onnx --optimize -vv --disable FuseGelu
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        string path = parse.GetRequiredValue(_model), output = parse.GetRequiredValue(_output);
        bool isOptimized = parse.GetValue(_optimize);
        int? opset = parse.GetValue(_opset);
        if (opset is < OnnxExporter.OldestOpset or > OnnxExporter.NewestOpset)
        {
            throw new UsageException($"--opset must be {OnnxExporter.OldestOpset} to {OnnxExporter.NewestOpset}.");
        }

        HashSet<string> disabled = new((parse.GetValue(_disable) ?? []).Select(BuildSettings.KnownPass), StringComparer.Ordinal);
        if (disabled.Count > 0 && !isOptimized)
        {
            throw new UsageException("--disable needs --optimize; without, no pass runs.");
        }

        if (TargetFile.IsEngine(path))
        {
            throw new UsageException($"{path} is an engine; convert takes the ONNX model that it was built from.");
        }

        OnnxModel model = OnnxModel.Load(path);
        DiagnosticBag findings = new();
        Graph graph = model.Import(new() { Shapes = ShapeText.ParseShapes(parse.GetValue(_shapes) ?? []) }, findings);
        foreach (Diagnostic finding in findings.Items)
        {
            session.Remark(finding.ToString());
        }

        int before = graph.AllNodes.Count();
        if (isOptimized)
        {
            CompileOptions options = new() { Disabled = disabled, Log = session.Verbosity > 1 ? Console.Error.WriteLine : null };
            ProgressDisplay.Run(session, "Optimizing", progress =>
            {
                ModelCompiler.OptimizeWithinStandard(graph, options, new(), progress, session.Cancellation);
                return true;
            });
        }

        OnnxModelProto exported = OnnxExporter.Export(graph, new() { LowestOpset = opset ?? OnnxExporter.OpsetFor(model.Proto) });
        session.Cancellation.ThrowIfCancellationRequested();
        OnnxFile.Save(output, exported);
        session.Write($"{output}: {Sizes.Text(new FileInfo(output).Length)}, {exported.Graph!.Nodes.Count} nodes of {(isOptimized ? $"{before} imported" : $"{model.Proto.Graph!.Nodes.Count}")}, opset {exported.OperatorSets.First(o => o.Domain.Length == 0).Version}");
        return ExitCode.Done;
    }
}
