using System.CommandLine;

namespace Peregrine.Cli.Commands;

/// <summary>A command: parses its options, calls the classes that do the work, prints.</summary>
internal abstract class CliCommand : Command
{
    private readonly Option<bool> _verbose = new("-v", "--verbose") { Description = "Tell what is being done." };
    private readonly Option<bool> _veryVerbose = new("-vv") { Description = "Also tell every pass and every patch of the graph." };

    protected CliCommand(string name, string description)
        : base(name, description) => SetAction((parse, cancellation) => Task.Run(() => Execute(parse, new(Verbosity(parse), cancellation))));

    /// <summary>What the help says below the options; may be empty.</summary>
    public abstract string Notes { get; }

    /// <summary>Command lines that the help shows.</summary>
    public abstract string Examples { get; }

    protected abstract int Execute(ParseResult parse, Session session);

    /// <summary>Adds what every command has; called last, so that it stands last in the help.</summary>
    protected void AddVerbosity()
    {
        Add(_verbose);
        Add(_veryVerbose);
    }

    private int Verbosity(ParseResult parse) => parse.GetValue(_veryVerbose) ? 2 : parse.GetValue(_verbose) ? 1 : 0;
}
