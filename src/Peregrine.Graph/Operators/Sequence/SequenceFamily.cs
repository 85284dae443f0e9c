namespace Peregrine.Operators;

/// <summary>Operators on sequences and optionals, in alphabetical order.</summary>
internal static class SequenceFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        ConcatFromSequence.Schema,
        Optional.Schema,
        OptionalGetElement.Schema,
        OptionalHasElement.Schema,
        SequenceAt.Schema,
        SequenceConstruct.Schema,
        SequenceEmpty.Schema,
        SequenceErase.Schema,
        SequenceInsert.Schema,
        SequenceLength.Schema,
        SplitToSequence.Schema,
    ];
}
