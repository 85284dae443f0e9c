namespace Peregrine.Operators;

/// <summary>max(x, 0).</summary>
public sealed record Relu : PointwiseOperator
{
    public static readonly Schema<Relu> Schema = new Schema<Relu>("Relu", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Max(x[0], 0);
}
