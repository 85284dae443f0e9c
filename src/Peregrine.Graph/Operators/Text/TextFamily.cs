namespace Peregrine.Operators;

/// <summary>Operators on strings, in alphabetical order.</summary>
internal static class TextFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        RegexFullMatch.Schema,
        StringConcat.Schema,
        StringNormalizer.Schema,
        StringSplit.Schema,
        TfIdfVectorizer.Schema,
    ];
}
