using System.CommandLine;

namespace Peregrine.Cli.Options;

/// <summary>Options whose mechanism does not exist yet: they are explained by the help, and using one says so.</summary>
internal sealed class CalibrationSettings
{
    private readonly Option[] _options =
    [
        new Option<string?>("--calibrate") { Description = "Inputs from which int8 ranges are measured. Not available yet.", HelpName = "DIR|FILE.npy" },
        new Option<string?>("--calibrator") { Description = "How int8 ranges are chosen. Not available yet.", HelpName = "entropy|minmax|percentile" },
        new Option<string?>("--calibration-cache") { Description = "Keeps measured int8 ranges. Not available yet.", HelpName = "FILE" },
    ];

    public CalibrationSettings(Command command)
    {
        foreach (Option option in _options)
        {
            command.Add(option);
        }
    }

    /// <exception cref="UsageException">One of the options is used.</exception>
    public void Check(ParseResult parse)
    {
        if (_options.FirstOrDefault(o => parse.GetResult(o) is { Implicit: false }) is { } used)
        {
            throw UsageException.NotAvailable(used.Name);
        }
    }
}
