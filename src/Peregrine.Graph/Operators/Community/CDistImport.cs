using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>The distance, or its square, of each row of A [M, K] from each row of B [N, K].</summary>
internal static class CDistImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("CDist", Import)
        .Inputs("A", "B").Outputs("C").Text("metric", "sqeuclidean", "euclidean", "sqeuclidean");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value differences = n.Call(new Sub(), Counting.Unsqueeze(n, n[0]!, 1), Counting.Unsqueeze(n, n[1]!, 0));
        return [n.Call(n.Text("metric") == "euclidean" ? new ReduceL2(KeepDims: false) : new ReduceSumSquare(KeepDims: false), differences, n.Integers(-1))];
    }
}
