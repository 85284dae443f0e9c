using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>All bits inverted.</summary>
public sealed record BitwiseNot : PointwiseOperator
{
    public static readonly Schema<BitwiseNot> Schema = new Schema<BitwiseNot>("BitwiseNot", since: 18, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsInteger();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.BitNot, x[0]);
}
