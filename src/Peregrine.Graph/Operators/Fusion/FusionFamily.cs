namespace Peregrine.Operators;

/// <summary>What the compiler fuses operators into, in alphabetical order.</summary>
internal static class FusionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Region.Schema,
        ScaledConv.Schema,
    ];
}
