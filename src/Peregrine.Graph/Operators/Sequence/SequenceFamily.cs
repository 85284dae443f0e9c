namespace Peregrine.Operators;

/// <summary>Sequences and optionals, in alphabetical order.</summary>
internal static class SequenceFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
