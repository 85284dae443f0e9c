using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Images whose channels are the last dimension, [N, D1, …, C], on their way to operators that have them second, and back.</summary>
internal static class ChannelsLast
{
    /// <summary>An input as [N, C, D1, …]; null after reporting that its rank is unknown or below 3.</summary>
    public static Value? ToFirst(ForeignNode n, int input)
    {
        if (n.Shape(input) is not { IsRanked: true, Rank: >= 3 and var rank })
        {
            n.Fail($"input {input} ({n.Schema.InputFormals[input].Name}) is {n[input]!.Type}, but must be [N,D1,…,C] with a known rank of at least 3.", "Give the model's inputs their shapes.");
            return null;
        }

        return ToFirst(n, n[input]!, rank);
    }

    /// <summary>[N, D1, …, C] as [N, C, D1, …].</summary>
    public static Value ToFirst(ForeignNode n, Value x, int rank) =>
        n.Call(new Transpose(Ints.From([0, rank - 1, .. Enumerable.Range(1, rank - 2).Select(i => (long)i)])), x);

    /// <summary>[N, C, D1, …] as [N, D1, …, C].</summary>
    public static Value FromFirst(ForeignNode n, Value x, int rank) =>
        n.Call(new Transpose(Ints.From([0, .. Enumerable.Range(2, rank - 2).Select(i => (long)i), 1])), x);
}
