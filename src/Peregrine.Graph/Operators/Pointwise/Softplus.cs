using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>log(e^x + 1), as max(x, 0) + log1p(e^(-|x|)), which neither overflows nor cancels.</summary>
public sealed record Softplus : PointwiseOperator
{
    public static readonly Schema<Softplus> Schema = new Schema<Softplus>("Softplus", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Max(x[0], 0) + Expr.Log1p(Expr.Exp(-Expr.Abs(x[0])));
}
