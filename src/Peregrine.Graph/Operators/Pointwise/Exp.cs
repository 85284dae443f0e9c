using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>e to the power x.</summary>
public sealed record Exp : PointwiseOperator
{
    public static readonly Schema<Exp> Schema = new Schema<Exp>("Exp", since: 1, _ => new()).Inputs("input").Outputs("output").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Exp, x[0]);
}
