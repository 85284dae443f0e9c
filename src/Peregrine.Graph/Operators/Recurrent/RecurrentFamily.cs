namespace Peregrine.Operators;

/// <summary>Recurrent layers, in alphabetical order.</summary>
internal static class RecurrentFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("GRU", static () => Gru.Schema),
        new("LSTM", static () => Lstm.Schema),
        new("RNN", static () => Rnn.Schema),
    ];
}
