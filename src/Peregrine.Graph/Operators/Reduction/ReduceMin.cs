using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The smallest element, NaN if there is one; of bool: whether all are true.</summary>
public sealed record ReduceMin(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceMin> Schema = Declare("ReduceMin", axesInputSince: 18, (keepDims, noop) => new ReduceMin(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    protected override bool Accepts(DataType type) => type == DataType.Bool || base.Accepts(type);

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<MinReducer<T>, T>(c, this);

    protected override Dim? Fold(IReadOnlyList<Dim> elements) => elements.Count == 0 ? null : elements.Aggregate(Dim.Min);
}
