using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x · tanh(softplus(x)).</summary>
public sealed record Mish : PointwiseOperator
{
    public static readonly Schema<Mish> Schema = new Schema<Mish>("Mish", since: 18, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => x[0] * Expr.Tanh(new Softplus().Body(x));
}
