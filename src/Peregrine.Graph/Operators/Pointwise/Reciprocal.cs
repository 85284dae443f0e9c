using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>1/x.</summary>
public sealed record Reciprocal : PointwiseOperator
{
    public static readonly Schema<Reciprocal> Schema = new Schema<Reciprocal>("Reciprocal", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Reciprocal, x[0]);
}
