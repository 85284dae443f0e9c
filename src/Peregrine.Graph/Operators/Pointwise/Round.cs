using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The nearest integer; halves go to the even one.</summary>
public sealed record Round : PointwiseOperator
{
    public static readonly Schema<Round> Schema = new Schema<Round>("Round", since: 11, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.RoundEven, x[0]);
}
