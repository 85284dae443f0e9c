using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Whether x is NaN.</summary>
public sealed record IsNaN : PointwiseOperator
{
    public static readonly Schema<IsNaN> Schema = new Schema<IsNaN>("IsNaN", since: 9, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.IsNaN, x[0]);
}
