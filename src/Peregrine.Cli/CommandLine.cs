using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Peregrine.Cli.Commands;
using Peregrine.Diagnostics;

namespace Peregrine.Cli;

/// <summary>Runs one command and turns whatever goes wrong into one clear message and an exit code.</summary>
internal static partial class CommandLine
{
    private const string Description = """
        Peregrine: builds ONNX models into inference engines and runs them.

        A model is built once (build), and the engine file then starts quickly (run, bench). Every command also takes an ONNX file and builds it in memory.
        Exit codes: 0 done; 1 the model, engine or input is at fault; 2 usage; 3 a bug in Peregrine itself; 130 cancelled.
        """;

    private const string Examples = """
          peregrine demo
          peregrine build model.onnx -o model.engine
          peregrine run model.engine --input data=image.npy --output results
          peregrine <command> --help
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        using CancellationTokenSource cancellation = new();
        // The first Ctrl+C asks politely, so that nothing is left half-written; a second one ends the process.
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        };
        // SIGTERM asks as politely as Ctrl+C.
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        });
        try
        {
            ParseResult parse = CreateRoot().Parse(arguments);
            if (parse.Action is ParseErrorAction)
            {
                return Fail(ExitCode.Usage, $"{string.Join(' ', parse.Errors.Select(Describe).Distinct(StringComparer.Ordinal))}\nTry: {NameOf(parse.CommandResult)} --help");
            }

            return await parse.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellation.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Fail(ExitCode.Cancelled, "Cancelled.");
        }
        catch (UsageException e)
        {
            return Fail(ExitCode.Usage, e.Message);
        }
        catch (Exception e) when (e is PeregrineException or IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.BadInput, e.Message);
        }
        catch (OutOfMemoryException)
        {
            return Fail(ExitCode.BadInput, "The memory of this machine does not suffice. Use smaller shapes, a smaller model or a larger machine.");
        }
        catch (Exception e)
        {
            return Fail(ExitCode.Bug, FailureReport.Describe(e, arguments));
        }
    }

    /// <summary>The commands, in the order of the help.</summary>
    internal static RootCommand CreateRoot()
    {
        RootCommand root = new(Description)
        {
            new DemoCommand(),
            new BuildCommand(),
            new RunCommand(),
            new BenchCommand(),
            new InspectCommand(),
            new ConformanceCommand(),
            new CompareCommand(),
            new ConvertCommand(),
        };
        root.HelpName = "peregrine";
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, Examples);
        return root;
    }

    /// <summary>The name with which a command is called: "peregrine bench kernel".</summary>
    private static string NameOf(CommandResult command) => command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}" : "peregrine";

    /// <summary>The parser's message with words in place of the types of .NET.</summary>
    private static string Describe(ParseError error) => TypeInMessage().Replace(error.Message, type => type.Groups["name"].Value is "Int32" or "Int64" ? "a whole number" : "a number");

    [GeneratedRegex(@"(expected type )?'(System\.Nullable`1\[)?System\.(?<name>Int32|Int64|Single|Double)\]?'", RegexOptions.ExplicitCapture)]
    private static partial Regex TypeInMessage();

    private static int Fail(int code, string message)
    {
        Console.Error.WriteLine(message);
        return code;
    }
}
