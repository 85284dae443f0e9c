namespace Peregrine.Operators;

/// <summary>Operators on sequences and optionals, in alphabetical order.</summary>
internal static class SequenceFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("ConcatFromSequence", static () => ConcatFromSequence.Schema),
        new("Optional", static () => Optional.Schema),
        new("OptionalGetElement", static () => OptionalGetElement.Schema),
        new("OptionalHasElement", static () => OptionalHasElement.Schema),
        new("SequenceAt", static () => SequenceAt.Schema),
        new("SequenceConstruct", static () => SequenceConstruct.Schema),
        new("SequenceEmpty", static () => SequenceEmpty.Schema),
        new("SequenceErase", static () => SequenceErase.Schema),
        new("SequenceInsert", static () => SequenceInsert.Schema),
        new("SequenceLength", static () => SequenceLength.Schema),
        new("SplitToSequence", static () => SplitToSequence.Schema),
    ];
}
