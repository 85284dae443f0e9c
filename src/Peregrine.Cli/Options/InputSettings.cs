using System.CommandLine;
using Peregrine.Cli.Inputs;

namespace Peregrine.Cli.Options;

/// <summary>The options that say what is fed into a network.</summary>
internal sealed class InputSettings
{
    private readonly Option<string[]> _inputs = new("--input") { Description = "Data of an input, as NumPy or ONNX tensor file. May be repeated; the others are random.", HelpName = "NAME=FILE.npy|FILE.pb", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string[]> _shapes = new("--shape") { Description = "Shape of an input; fixes it when a model is built. Without one, free dimensions are 1 (or the profile's optimum). May be repeated.", HelpName = "NAME=1x3x224x224", Arity = ArgumentArity.OneOrMore };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of random inputs: normal for floats, 0 for integers.", HelpName = "N" };

    public InputSettings(Command command)
    {
        command.Add(_inputs);
        command.Add(_shapes);
        command.Add(_seed);
    }

    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes(ParseResult parse) => ShapeText.ParseShapes(parse.GetValue(_shapes) ?? []);

    /// <summary>What was asked for; no file is opened yet.</summary>
    public InputRequest Request(ParseResult parse)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string text in parse.GetValue(_inputs) ?? [])
        {
            (string name, string path) = ShapeText.SplitName(text, "--input", "NAME=FILE.npy or NAME=FILE.pb");
            if (Path.GetExtension(path).ToLowerInvariant() is not (".npy" or ".pb"))
            {
                throw new UsageException($"--input {text}: the file must be a .npy (NumPy) or .pb (ONNX tensor).");
            }

            if (!files.TryAdd(name, path))
            {
                throw new UsageException($"--input gives \"{name}\" twice.");
            }
        }

        return new(files, Shapes(parse), parse.GetValue(_seed));
    }
}
