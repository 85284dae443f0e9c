namespace Peregrine.Operators;

/// <summary>Whether a ≤ b, with broadcasting.</summary>
public sealed record LessOrEqual : PointwiseOperator
{
    public static readonly Schema<LessOrEqual> Schema = new Schema<LessOrEqual>("LessOrEqual", since: 12, _ => new()).Inputs("A", "B").Outputs("C");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.LessOrEqual(x[0], x[1]);
}
