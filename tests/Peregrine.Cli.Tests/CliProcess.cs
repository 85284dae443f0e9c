using System.Diagnostics;

namespace Peregrine.Cli.Tests;

/// <summary>What a run of the program gave.</summary>
internal sealed record CliResult(int Code, string Output, string Error)
{
    /// <summary>The last line of the standard output.</summary>
    public string LastLine => Output.TrimEnd().Split('\n')[^1].TrimEnd();

    /// <summary>Asserts the exit code; shows what the program said if it is another.</summary>
    public CliResult Expect(int code)
    {
        Assert.True(Code == code, $"exit code {Code} instead of {code}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>Asserts that the program failed with one message that names these things, without a stack trace.</summary>
    public void ExpectMessage(int code, params string[] parts)
    {
        Expect(code);
        Assert.NotEqual("", Error.Trim());
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        foreach (string part in parts)
        {
            Assert.Contains(part, Error, StringComparison.Ordinal);
        }
    }
}

/// <summary>Starts the real program as a process of its own.</summary>
internal static class CliProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static CliResult Run(params IEnumerable<string> arguments)
    {
        using Process process = Start(arguments);
        return Finish(process);
    }

    public static Process Start(params IEnumerable<string> arguments)
    {
        // Whoever runs these tests in the background of a script ignores Ctrl+C, and so would every process that they start.
        bool resetsSignals = IgnoresInterrupts();
        ProcessStartInfo start = new(resetsSignals ? "env" : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (resetsSignals)
        {
            start.ArgumentList.Add("--default-signal=INT");
            start.ArgumentList.Add("dotnet");
        }

        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Peregrine.Cli.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static bool IgnoresInterrupts()
    {
        const string Field = "SigIgn:";
        const ulong Interrupt = 1 << 1;
        string? ignored = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal)) : null;
        return ignored is not null && (ulong.Parse(ignored.AsSpan(Field.Length).Trim(), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    public static CliResult Finish(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The program runs longer than {Limit}.");
        }

        return new(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
