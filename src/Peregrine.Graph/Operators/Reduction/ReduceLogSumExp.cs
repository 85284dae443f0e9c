namespace Peregrine.Operators;

/// <summary>The natural logarithm of the sum of exponentials, without overflow on the way.</summary>
public sealed record ReduceLogSumExp(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceLogSumExp> Schema = Declare("ReduceLogSumExp", axesInputSince: 18, (keepDims, noop) => new ReduceLogSumExp(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<LogSumExpReducer<T>, T>(c, this);
}
