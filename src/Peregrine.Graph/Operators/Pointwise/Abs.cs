namespace Peregrine.Operators;

/// <summary>|x|.</summary>
public sealed record Abs : PointwiseOperator
{
    public static readonly Schema<Abs> Schema = new Schema<Abs>("Abs", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Abs(x[0]);
}
