using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>The sum.</summary>
public sealed record ReduceSum(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceSum> Schema = Declare("ReduceSum", axesInputSince: 13, (keepDims, noop) => new ReduceSum(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<SumReducer<T>, T>(c, this);

    protected override Dim? Fold(IReadOnlyList<Dim> elements) => elements.Aggregate(Dim.Zero, (sum, x) => sum + x);
}
