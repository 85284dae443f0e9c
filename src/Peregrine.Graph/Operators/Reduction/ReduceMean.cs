namespace Peregrine.Operators;

/// <summary>The arithmetic mean; of integers truncated towards 0.</summary>
public sealed record ReduceMean(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceMean> Schema = Declare("ReduceMean", axesInputSince: 18, (keepDims, noop) => new ReduceMean(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<MeanReducer<T>, T>(c, this);
}
