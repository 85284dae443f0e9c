using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The smallest integer that is not below x.</summary>
public sealed record Ceil : PointwiseOperator
{
    public static readonly Schema<Ceil> Schema = new Schema<Ceil>("Ceil", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Ceiling, x[0]);
}
