using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Bitwise disjunction, with broadcasting.</summary>
public sealed record BitwiseOr : PointwiseOperator
{
    public static readonly Schema<BitwiseOr> Schema = new Schema<BitwiseOr>("BitwiseOr", since: 18, _ => new()).Inputs("A", "B").Outputs("C");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsInteger();

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.BitOr, x[0], x[1]);
}
