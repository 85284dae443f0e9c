namespace Peregrine.Operators;

/// <summary>Operators on strings, in alphabetical order.</summary>
internal static class TextFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("RegexFullMatch", static () => RegexFullMatch.Schema),
        new("StringConcat", static () => StringConcat.Schema),
        new("StringNormalizer", static () => StringNormalizer.Schema),
        new("StringSplit", static () => StringSplit.Schema),
        new("TfIdfVectorizer", static () => TfIdfVectorizer.Schema),
    ];
}
