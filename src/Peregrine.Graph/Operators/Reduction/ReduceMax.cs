using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The largest element, NaN if there is one; of bool: whether any is true.</summary>
public sealed record ReduceMax(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceMax> Schema = Declare("ReduceMax", axesInputSince: 18, (keepDims, noop) => new ReduceMax(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    protected override bool Accepts(DataType type) => type == DataType.Bool || base.Accepts(type);

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<MaxReducer<T>, T>(c, this);

    protected override Dim? Fold(IReadOnlyList<Dim> elements) => elements.Count == 0 ? null : elements.Aggregate(Dim.Max);
}
