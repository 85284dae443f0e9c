using System.CommandLine;
using Peregrine.Cli.Inputs;
using Peregrine.Cli.Options;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine run</c>: one call.</summary>
internal sealed class RunCommand : CliCommand
{
    private readonly Argument<string> _target = TargetArgument.EngineOrModel();
    private readonly Option<string?> _output = new("--output") { Description = "Folder that receives each output as NAME.npy (characters that file names cannot have become _).", HelpName = "DIR" };
    private readonly InputSettings _inputs;
    private readonly BuildSettings _settings;

    public RunCommand()
        : base("run", "Runs an engine or a model once and shows its outputs.")
    {
        Add(_target);
        _inputs = new(this);
        Add(_output);
        _settings = new(this);
        AddVerbosity();
    }

    public override string Notes => """
          Equal inputs give equal bits: on any number of threads, from the model or from its saved engine.
        """;

    public override string Examples => """
          peregrine run model.onnx
          peregrine run model.engine --input image=cat.npy --output results
          peregrine run model.engine --shape image=8x3x224x224 --seed 7
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        InputRequest request = _inputs.Request(parse);
        using OpenedEngine opened = OpenedEngine.Open(parse.GetRequiredValue(_target), request.Shapes, _settings, parse, session);
        using InferenceContext context = opened.Engine.CreateContext();
        object[] inputs = request.Create(opened.Engine.Inputs, context.Profile);
        string? folder = parse.GetValue(_output);
        if (folder is not null)
        {
            OutputFiles.CreateFolder(folder);
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            session.Remark($"input  {opened.Engine.Inputs[i].Name}: {ValueSummary.Describe(inputs[i])}");
            context.BindInput(opened.Engine.Inputs[i].Name, inputs[i]);
        }

        context.Run(session.Cancellation);
        IReadOnlyList<string> files = OutputFiles.Names(opened.Engine.Outputs.Select(o => o.Name));
        for (int i = 0; i < files.Count; i++)
        {
            string name = opened.Engine.Outputs[i].Name;
            object value = context.OutputValue(name);
            session.Write($"{name}: {ValueSummary.Describe(value)}");
            if (folder is not null)
            {
                OutputFiles.Write(folder, files[i], value);
            }
        }

        return ExitCode.Done;
    }
}
