namespace Peregrine.Operators;

/// <summary>What the compiler fuses operators into, in alphabetical order.</summary>
internal static class FusionFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("Chain", static () => Chain.Schema, "peregrine"),
        new("Region", static () => Region.Schema, "peregrine"),
        new("ScaledConv", static () => ScaledConv.Schema, "peregrine"),
    ];
}
