using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Bitwise conjunction, with broadcasting.</summary>
public sealed record BitwiseAnd : PointwiseOperator
{
    public static readonly Schema<BitwiseAnd> Schema = new Schema<BitwiseAnd>("BitwiseAnd", since: 18, _ => new()).Inputs("A", "B").Outputs("C");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsInteger();

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.BitAnd, x[0], x[1]);
}
