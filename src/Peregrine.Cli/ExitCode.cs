namespace Peregrine.Cli;

/// <summary>What the program returns to its caller; part of the command line's contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The model, engine or input is at fault.</summary>
    public const int BadInput = 1;

    /// <summary>The command line is at fault.</summary>
    public const int Usage = 2;

    /// <summary>Our own bug.</summary>
    public const int Bug = 3;

    /// <summary>Interrupted by the user, as shells number it.</summary>
    public const int Cancelled = 130;
}
