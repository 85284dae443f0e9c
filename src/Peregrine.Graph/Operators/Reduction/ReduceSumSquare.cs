namespace Peregrine.Operators;

/// <summary>The sum of squares.</summary>
public sealed record ReduceSumSquare(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceSumSquare> Schema = Declare("ReduceSumSquare", axesInputSince: 18, (keepDims, noop) => new ReduceSumSquare(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<SquareSumReducer<T>, T>(c, this);
}
