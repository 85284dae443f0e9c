using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x where x &gt; α, else 0.</summary>
public sealed record ThresholdedRelu(float Alpha = 1) : PointwiseOperator
{
    public static readonly Schema<ThresholdedRelu> Schema = new Schema<ThresholdedRelu>("ThresholdedRelu", since: 10, a => new(a.Float("alpha"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1)
        // Before opset 10 it was experimental, with the same meaning.
        .Import(1, 9, s => s.Default());

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Select(Expr.Less(Alpha, x[0]), x[0], 0);
}
