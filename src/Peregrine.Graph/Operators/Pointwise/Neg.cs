namespace Peregrine.Operators;

/// <summary>-x.</summary>
public sealed record Neg : PointwiseOperator
{
    public static readonly Schema<Neg> Schema = new Schema<Neg>("Neg", since: 1, _ => new()).Inputs("X").Outputs("Y").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => -x[0];
}
