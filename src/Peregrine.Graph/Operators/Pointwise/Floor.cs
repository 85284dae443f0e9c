using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The largest integer that is not above x.</summary>
public sealed record Floor : PointwiseOperator
{
    public static readonly Schema<Floor> Schema = new Schema<Floor>("Floor", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Floor, x[0]);
}
