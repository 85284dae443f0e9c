namespace Peregrine.Operators;

/// <summary>Strings, in alphabetical order.</summary>
internal static class TextFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
