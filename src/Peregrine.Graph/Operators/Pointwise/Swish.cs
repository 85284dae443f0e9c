using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x · sigmoid(α·x).</summary>
public sealed record Swish(float Alpha = 1) : PointwiseOperator
{
    public static readonly Schema<Swish> Schema = new Schema<Swish>("Swish", since: 24, a => new(a.Float("alpha"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => x[0] * Expr.Sigmoid(Alpha * x[0]);
}
