namespace Peregrine.Operators;

/// <summary>Reductions, cumulative operators and searches, in alphabetical order.</summary>
internal static class ReductionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
