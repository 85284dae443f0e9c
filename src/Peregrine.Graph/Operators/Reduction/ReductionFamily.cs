namespace Peregrine.Operators;

/// <summary>Reductions, cumulative operators and searches, in alphabetical order.</summary>
internal static class ReductionFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("ArgMax", static () => ArgMax.Schema),
        new("ArgMin", static () => ArgMin.Schema),
        new("CumProd", static () => CumProd.Schema),
        new("CumSum", static () => CumSum.Schema),
        new("ReduceL1", static () => ReduceL1.Schema),
        new("ReduceL2", static () => ReduceL2.Schema),
        new("ReduceLogSum", static () => ReduceLogSum.Schema),
        new("ReduceLogSumExp", static () => ReduceLogSumExp.Schema),
        new("ReduceMax", static () => ReduceMax.Schema),
        new("ReduceMean", static () => ReduceMean.Schema),
        new("ReduceMin", static () => ReduceMin.Schema),
        new("ReduceProd", static () => ReduceProd.Schema),
        new("ReduceSum", static () => ReduceSum.Schema),
        new("ReduceSumSquare", static () => ReduceSumSquare.Schema),
        new("TopK", static () => TopK.Schema),
    ];
}
