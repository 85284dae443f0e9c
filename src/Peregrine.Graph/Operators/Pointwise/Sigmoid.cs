using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>1/(1 + e^(-x)).</summary>
public sealed record Sigmoid : PointwiseOperator
{
    public static readonly Schema<Sigmoid> Schema = new Schema<Sigmoid>("Sigmoid", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Sigmoid, x[0]);
}
