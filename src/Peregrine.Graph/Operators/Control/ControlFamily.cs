namespace Peregrine.Operators;

/// <summary>Operators with bodies, in alphabetical order.</summary>
internal static class ControlFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        If.Schema,
        Loop.Schema,
        Scan.Schema,
        SequenceMap.Schema,
    ];
}
