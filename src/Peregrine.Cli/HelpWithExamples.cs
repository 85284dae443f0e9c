using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Peregrine.Cli.Commands;

namespace Peregrine.Cli;

/// <summary>The usual help, followed by examples of the command.</summary>
internal sealed class HelpWithExamples(HelpAction help, string rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        HideArgumentsOfParents(parseResult.CommandResult);
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

    /// <summary>What a command takes for itself, its commands do not take: <c>bench ENGINE</c>, but <c>bench kernel KERNEL</c>.</summary>
    private static void HideArgumentsOfParents(CommandResult command)
    {
        for (SymbolResult? parent = command.Parent; parent is not null; parent = parent.Parent)
        {
            foreach (Argument argument in ((CommandResult)parent).Command.Arguments)
            {
                argument.Hidden = true;
            }
        }
    }
}
