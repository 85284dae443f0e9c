using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The square root.</summary>
public sealed record Sqrt : PointwiseOperator
{
    public static readonly Schema<Sqrt> Schema = new Schema<Sqrt>("Sqrt", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Sqrt(x[0]);
}
