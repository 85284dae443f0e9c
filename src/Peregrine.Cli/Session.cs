using Microsoft.Extensions.Logging;

namespace Peregrine.Cli;

/// <summary>What a running command talks to: results go to the standard output, everything else to the standard error.</summary>
/// <param name="Verbosity">0, 1 (-v) or 2 (-vv).</param>
internal sealed record Session(int Verbosity, CancellationToken Cancellation)
{
    public ILogger Logger { get; } = new ErrorLogger(Verbosity > 0 ? LogLevel.Information : LogLevel.Warning);

    /// <summary>A line of the result. Numbers in it are written as programs read them: the program runs in the invariant culture.</summary>
    public void Write(string line) => Console.Out.WriteLine(line);

    /// <summary>A remark that -v shows.</summary>
    public void Remark(string line)
    {
        if (Verbosity > 0)
        {
            Console.Error.WriteLine(line);
        }
    }

    private sealed class ErrorLogger(LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Console.Error.WriteLine(formatter(state, exception));
            }
        }
    }
}
