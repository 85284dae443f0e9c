namespace Peregrine.Operators;

/// <summary>Reductions, cumulative operators and searches, in alphabetical order.</summary>
internal static class ReductionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        ArgMax.Schema,
        ArgMin.Schema,
        CumProd.Schema,
        CumSum.Schema,
        ReduceL1.Schema,
        ReduceL2.Schema,
        ReduceLogSum.Schema,
        ReduceLogSumExp.Schema,
        ReduceMax.Schema,
        ReduceMean.Schema,
        ReduceMin.Schema,
        ReduceProd.Schema,
        ReduceSum.Schema,
        ReduceSumSquare.Schema,
        TopK.Schema,
    ];
}
