using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The reference of a <see cref="Region"/>: the anchor's reference kernel into a buffer of its own, then the epilogue's expression. A second run on the same shapes allocates nothing.</summary>
internal sealed class RegionEvaluation
{
    private readonly EvaluationScope? _anchor;
    private readonly EvaluationScope _pointwise;
    private readonly int _anchorInputs;
    private Tensor? _anchorResult;

    public RegionEvaluation(Region region, EvaluationScope c)
    {
        FusedPointwise epilogue = new(region.Epilogue());
        IrType[] types = [c.OutputType(0)];
        if (region.Anchor is { } anchor)
        {
            _anchorInputs = anchor.Inputs.Count;
            _anchor = new(anchor.Operator, c.NodeName, _anchorInputs, [IrType.Unknown], [true]);
            _pointwise = new(epilogue, c.NodeName, 1 + c.InputCount - _anchorInputs, types, [true]);
        }
        else
        {
            _pointwise = new(epilogue, c.NodeName, c.InputCount, types, [true]);
        }
    }

    public void Run(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        int first = 0;
        if (_anchor is not null)
        {
            DataType type = ((Region)c.Operator).Anchor!.Outputs[0]!.Tensor!.ElementType;
            if (_anchorResult is null || !_anchorResult.Dims.SequenceEqual(output.Dims))
            {
                _anchorResult = Tensor.Allocate(type, output.Dims);
            }

            _anchor.Cancellation = c.Cancellation;
            for (int i = 0; i < _anchorInputs; i++)
            {
                _anchor.BindInput(i, c.Input(i));
            }

            _anchor.BindOutput(0, _anchorResult);
            _anchor.Execute();
            _pointwise.BindInput(0, _anchorResult);
            first = 1;
        }

        _pointwise.Cancellation = c.Cancellation;
        for (int i = _anchorInputs; i < c.InputCount; i++)
        {
            _pointwise.BindInput(first + i - _anchorInputs, c.Input(i));
        }

        _pointwise.BindOutput(0, output);
        _pointwise.Execute();
    }
}

/// <summary>A pointwise operator given by its expression alone; it exists only inside kernels.</summary>
internal sealed record FusedPointwise(Expr Expression) : PointwiseOperator
{
    private static readonly Schema<FusedPointwise> Schema = new Schema<FusedPointwise>("Pointwise", since: 1, _ => throw new InvalidOperationException("It has no serialised form."), "peregrine").Inputs("operands...").Outputs("result");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => true;

    public override bool SharesType(int index) => false;

    public override Expr Body(Operands x) => Expression;
}
