using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// alpha · A'·B', where A' and B' may be transposed: transBatch moves the first dimension behind the batch (in front of the last one), trans then swaps the last two.
/// </summary>
internal static class FusedMatMulImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("FusedMatMul", n => Product(n) is { } y ? [y] : null)
        .Inputs("A", "B").Outputs("Y")
        .Float("alpha", 1).Flag("transA").Flag("transB").Flag("transBatchA").Flag("transBatchB");

    /// <summary>The product; null after reporting an input of unknown rank.</summary>
    public static Value? Product(ForeignNode n)
    {
        if (Operand(n, 0, n.Flag("transA"), n.Flag("transBatchA")) is not { } a || Operand(n, 1, n.Flag("transB"), n.Flag("transBatchB")) is not { } b)
        {
            return null;
        }

        Value product = n.Call(new MatMul(), a, b);
        return n.Float("alpha") == 1 ? product : n.Call(new Mul(), product, n.Number(n.ElementType(0), n.Float("alpha")));
    }

    private static Value? Operand(ForeignNode n, int input, bool swap, bool moveBatch)
    {
        if (!swap && !moveBatch)
        {
            return n[input];
        }

        if (!n.Shape(input).IsRanked)
        {
            n.Fail($"input {input} ({n.Schema.InputFormals[input].Name}) is {n[input]!.Type}, but must have a known rank to be transposed.", "Give the model's inputs their shapes.");
            return null;
        }

        int rank = n.Shape(input).Rank;
        if (rank < 2)
        {
            // A vector is its own transpose.
            return n[input];
        }

        List<long> order = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        if (moveBatch)
        {
            order.RemoveAt(0);
            order.Insert(rank - 2, 0);
        }

        if (swap)
        {
            (order[^1], order[^2]) = (order[^2], order[^1]);
        }

        return n.Call(new Transpose(Ints.From(order)), n[input]);
    }
}
