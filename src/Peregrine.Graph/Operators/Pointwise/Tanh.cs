using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The hyperbolic tangent.</summary>
public sealed record Tanh : PointwiseOperator
{
    public static readonly Schema<Tanh> Schema = new Schema<Tanh>("Tanh", since: 1, _ => new()).Inputs("input").Outputs("output").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Tanh, x[0]);
}
