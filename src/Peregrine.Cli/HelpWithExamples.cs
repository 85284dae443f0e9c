using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Peregrine.Cli.Commands;

namespace Peregrine.Cli;

/// <summary>The usual help, followed by examples of the command.</summary>
internal sealed class HelpWithExamples(HelpAction help, string rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        (string notes, string examples) = parseResult.CommandResult.Command is CliCommand command ? (command.Notes, command.Examples) : ("", rootExamples);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (notes.Length > 0)
        {
            output.WriteLine($"Notes:\n{notes}\n");
        }

        output.WriteLine($"Examples:\n{examples}");
        return code;
    }
}
