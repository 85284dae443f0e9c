namespace Peregrine.Operators;

/// <summary>Operators with bodies, in alphabetical order.</summary>
internal static class ControlFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
