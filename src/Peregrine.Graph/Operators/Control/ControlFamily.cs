namespace Peregrine.Operators;

/// <summary>Operators with bodies, in alphabetical order.</summary>
internal static class ControlFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("If", static () => If.Schema),
        new("Loop", static () => Loop.Schema),
        new("Scan", static () => Scan.Schema),
        new("SequenceMap", static () => SequenceMap.Schema),
    ];
}
