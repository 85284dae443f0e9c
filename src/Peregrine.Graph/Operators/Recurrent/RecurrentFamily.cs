namespace Peregrine.Operators;

/// <summary>Recurrent layers, in alphabetical order.</summary>
internal static class RecurrentFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Gru.Schema,
        Lstm.Schema,
        Rnn.Schema,
    ];
}
