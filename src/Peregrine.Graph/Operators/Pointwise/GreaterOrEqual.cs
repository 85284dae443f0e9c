namespace Peregrine.Operators;

/// <summary>Whether a ≥ b, with broadcasting.</summary>
public sealed record GreaterOrEqual : PointwiseOperator
{
    public static readonly Schema<GreaterOrEqual> Schema = new Schema<GreaterOrEqual>("GreaterOrEqual", since: 12, _ => new()).Inputs("A", "B").Outputs("C");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.LessOrEqual(x[1], x[0]);
}
