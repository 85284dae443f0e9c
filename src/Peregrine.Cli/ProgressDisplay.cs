using System.Diagnostics;
using System.Globalization;
using Peregrine.Compiler;
using Spectre.Console;

namespace Peregrine.Cli;

/// <summary>Shows how far long work is: a bar on a terminal, now and then a plain line elsewhere. Short work shows nothing.</summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>Runs the work on this thread and returns what it returns.</summary>
    public static T Run<T>(Session session, string title, Func<IProgress<BuildProgress>, T> work)
    {
        IAnsiConsole terminal = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        // Lines of -v and a bar that redraws itself would overwrite each other.
        if (session.Verbosity > 0 || Console.IsErrorRedirected || !terminal.Profile.Capabilities.Ansi)
        {
            return work(new PlainLines(title, session.Verbosity > 0));
        }

        T result = default!;
        terminal.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .Start(context => result = work(new Bar(title, context.AddTask(Markup.Escape(title)))));
        return result;
    }

    private sealed class PlainLines(string title, bool all) : IProgress<BuildProgress>
    {
        private long _last = Stopwatch.GetTimestamp();

        public void Report(BuildProgress value)
        {
            if (all || Stopwatch.GetElapsedTime(_last) >= Quiet)
            {
                _last = Stopwatch.GetTimestamp();
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {value.Stage} ({value.Done}/{value.Total})"));
            }
        }
    }

    private sealed class Bar(string title, ProgressTask task) : IProgress<BuildProgress>
    {
        public void Report(BuildProgress value)
        {
            task.Description = Markup.Escape($"{title}: {value.Stage}");
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
