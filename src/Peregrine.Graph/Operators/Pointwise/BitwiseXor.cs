using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Bitwise exclusive or, with broadcasting.</summary>
public sealed record BitwiseXor : PointwiseOperator
{
    public static readonly Schema<BitwiseXor> Schema = new Schema<BitwiseXor>("BitwiseXor", since: 18, _ => new()).Inputs("A", "B").Outputs("C");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsInteger();

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.BitXor, x[0], x[1]);
}
