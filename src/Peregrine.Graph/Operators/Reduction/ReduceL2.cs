namespace Peregrine.Operators;

/// <summary>The Euclidean norm: the root of the sum of squares.</summary>
public sealed record ReduceL2(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceL2> Schema = Declare("ReduceL2", axesInputSince: 18, (keepDims, noop) => new ReduceL2(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<EuclideanReducer<T>, T>(c, this);
}
