namespace Peregrine.Operators;

/// <summary>Normalisations and softmax, in alphabetical order.</summary>
internal static class NormalizationFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
    ];
}
