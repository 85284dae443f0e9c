using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests;

/// <summary>An operator whose body is any expression, to have its reference computed.</summary>
internal sealed record ExprOperator(Expr Expression) : PointwiseOperator
{
    private static readonly Schema<ExprOperator> Schema = new Schema<ExprOperator>("Expression", since: 1, _ => throw new InvalidOperationException(), "test").Inputs("operands...").Outputs("result");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => true;

    public override bool SharesType(int index) => false;

    public override Expr Body(Operands x) => Expression;
}
