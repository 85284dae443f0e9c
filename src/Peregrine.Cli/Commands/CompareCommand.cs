using System.CommandLine;
using Peregrine.Cli.Comparing;
using Peregrine.Cli.Inputs;
using Peregrine.Cli.Options;
using Peregrine.Comparison;
using Peregrine.Tensors;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine compare</c>: how far an engine's results are from others.</summary>
internal sealed class CompareCommand : CliCommand
{
    private readonly Argument<string> _target = TargetArgument.Model();
    private readonly Option<string> _against = new("--against") { Description = "What to compare with: the reference interpreter; a folder with NAME.npy per output (as run --output writes), or with input_N.pb and output_N.pb; or one .npy file.", HelpName = "FILE.npy|DIR|reference", Required = true };
    private readonly InputSettings _inputs;
    private readonly BuildSettings _settings;

    public CompareCommand()
        : base("compare", "Builds a model, runs it and compares each output with expected values.")
    {
        Add(_target);
        Add(_against);
        _inputs = new(this);
        _settings = new(this);
        AddVerbosity();
    }

    public override string Notes => """
          Per output: largest absolute and relative difference, signal to noise ratio (SQNR) in dB, cosine. How much is too much is yours to judge: the exit code is 1 only where type or shape differ.
          An engine file can be compared with files, too.
        """;

    public override string Examples => """
          peregrine compare model.onnx --against reference
          peregrine compare model.onnx --input image=cat.npy --against expected
          peregrine compare model.onnx --against test_data_set_0
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        InputRequest request = _inputs.Request(parse);
        using OpenedEngine opened = OpenedEngine.Open(parse.GetRequiredValue(_target), request.Shapes, _settings, parse, session);
        Engine engine = opened.Engine;
        ExpectedOutputs expected = ExpectedOutputs.Find(parse.GetRequiredValue(_against), opened, request, session.Cancellation);
        using InferenceContext context = engine.CreateContext();
        for (int i = 0; i < expected.Inputs.Length; i++)
        {
            context.BindInput(engine.Inputs[i].Name, expected.Inputs[i]);
        }

        context.Run(session.Cancellation);
        bool fits = true;
        for (int i = 0; i < engine.Outputs.Count; i++)
        {
            string name = engine.Outputs[i].Name;
            fits &= Compare(name, expected.Outputs[i], context.OutputValue(name), session);
        }

        return fits ? ExitCode.Done : ExitCode.BadInput;
    }

    /// <summary>Prints the comparison of one value; false if the two cannot be compared.</summary>
    private static bool Compare(string name, object? expected, object? actual, Session session)
    {
        switch (expected, actual)
        {
            case (null, _):
                session.Write($"{name}: nothing is expected");
                return true;
            case (Tensor wanted, Tensor found) when wanted.Type == found.Type && wanted.Dims.SequenceEqual(found.Dims):
                session.Write($"{name} {found}: {TensorDifference.Between(wanted, found)}");
                return true;
            case (TensorSequence wanted, TensorSequence found) when wanted.Count == found.Count:
                return Enumerable.Range(0, wanted.Count).Aggregate(true, (fits, i) => Compare($"{name}[{i}]", wanted.Items[i], found.Items[i], session) && fits);
            case (TensorMap wanted, TensorMap found) when wanted.Keys.Equals(found.Keys):
                return Compare(name, wanted.Values, found.Values, session);
            case (OptionalValue { HasValue: false }, OptionalValue { HasValue: false }):
                session.Write($"{name}: both are empty");
                return true;
            case (OptionalValue { HasValue: true } wanted, OptionalValue { HasValue: true } found):
                return Compare(name, wanted.Value, found.Value, session);
            default:
                session.Write($"{name}: it is {actual}, but {expected} is expected");
                return false;
        }
    }
}
