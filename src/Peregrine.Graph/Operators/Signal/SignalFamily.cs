namespace Peregrine.Operators;

/// <summary>Signal processing, in alphabetical order.</summary>
internal static class SignalFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
