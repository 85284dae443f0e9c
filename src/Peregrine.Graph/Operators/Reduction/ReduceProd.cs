using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>The product.</summary>
public sealed record ReduceProd(bool KeepDims = true, bool NoopWithEmptyAxes = false) : Reduction(KeepDims, NoopWithEmptyAxes)
{
    public static readonly Schema<ReduceProd> Schema = Declare("ReduceProd", axesInputSince: 18, (keepDims, noop) => new ReduceProd(keepDims, noop));

    public override OperatorSchema Definition => Schema;

    protected override void Reduce<T>(EvaluationScope c) => ReductionKernel.Run<ProductReducer<T>, T>(c, this);

    protected override Dim? Fold(IReadOnlyList<Dim> elements) => elements.Aggregate(Dim.One, (product, x) => product * x);
}
