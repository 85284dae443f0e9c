namespace Peregrine.Operators;

/// <summary>The natural logarithm of the sum.</summary>
public sealed record ReduceLogSum(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceLogSum> Schema = Declare("ReduceLogSum", axesInputSince: 18, (keepDims, noop) => new ReduceLogSum(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<LogSumReducer<T>, T>(c, this);
}
