namespace Peregrine.Operators;

/// <summary>The sum of absolute values.</summary>
public sealed record ReduceL1(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceL1> Schema = Declare("ReduceL1", axesInputSince: 18, (keepDims, noop) => new ReduceL1(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<AbsoluteSumReducer<T>, T>(c, this);
}
