using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x/(1 + |x|).</summary>
public sealed record Softsign : PointwiseOperator
{
    public static readonly Schema<Softsign> Schema = new Schema<Softsign>("Softsign", since: 1, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => x[0] / (1 + Expr.Abs(x[0]));
}
