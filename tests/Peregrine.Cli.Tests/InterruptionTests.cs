using System.Diagnostics;
using Peregrine.Diagnostics;

namespace Peregrine.Cli.Tests;

public sealed class InterruptionTests(Workplace place)
{
    [Fact]
    public async Task Ctrl_C_ends_cleanly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Sends a Unix signal.");
        string json = place.At("interrupted.json");
        using Process process = CliProcess.Start("bench", place.EngineFile, "--duration", "100", "--json", json, "-v");
        // The first words on the standard error tell that the signal has a listener.
        await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        CliResult result = CliProcess.Finish(process);
        Assert.Equal(130, result.Code);
        Assert.Equal("Cancelled.", result.Error.Trim());
        Assert.False(File.Exists(json));
    }

    [Fact]
    public void A_bug_leaves_a_report()
    {
        string message = FailureReport.Describe(new InvalidOperationException("the cause"), ["run", "x.onnx"]);
        Assert.Contains("the cause", message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", message, StringComparison.Ordinal);
        string folder = message[(message.IndexOf("contents of ", StringComparison.Ordinal) + "contents of ".Length)..];
        string report = File.ReadAllText(Path.Combine(folder, "report.txt"));
        Directory.Delete(folder, recursive: true);
        Assert.Contains("peregrine run x.onnx", report, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException", report, StringComparison.Ordinal);
        Assert.Contains("/tmp/dump", FailureReport.Describe(new InternalCompilerException("x", dumpFolder: "/tmp/dump"), []), StringComparison.Ordinal);
    }
}
