using System.Runtime.InteropServices;
using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Runtime;

namespace Peregrine.Cli;

/// <summary>Keeps what is needed to find a bug of our own: the stack trace goes into a file, the user gets a sentence.</summary>
internal static class FailureReport
{
    public static string Describe(Exception exception, string[] arguments)
    {
        string folder = (exception as InternalCompilerException)?.DumpFolder ?? Write(exception, arguments);
        return $"This is a bug in Peregrine: {exception.Message}\nPlease report it with the contents of {folder}";
    }

    private static string Write(Exception exception, string[] arguments)
    {
        StringBuilder report = new();
        report.AppendLine($"peregrine {typeof(FailureReport).Assembly.GetName().Version?.ToString(3)} on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
        report.AppendLine($"peregrine {string.Join(' ', arguments)}");
        report.AppendLine().AppendLine(exception.ToString());
        try
        {
            string folder = Knobs.DumpFolder is { } chosen ? Directory.CreateDirectory(chosen).FullName : Directory.CreateTempSubdirectory("peregrine-").FullName;
            File.WriteAllText(Path.Combine(folder, "report.txt"), report.ToString());
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"this text (no folder can be written: {e.Message}):\n{report}";
        }
    }
}
