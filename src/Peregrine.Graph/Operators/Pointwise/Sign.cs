namespace Peregrine.Operators;

/// <summary>-1, 0 or 1; NaN stays NaN.</summary>
public sealed record Sign : PointwiseOperator
{
    public static readonly Schema<Sign> Schema = new Schema<Sign>("Sign", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Sign, x[0]);
}
