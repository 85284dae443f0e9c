namespace Peregrine.Operators;

/// <summary>The smallest of all operands; NaN if any is. Before opset 8 without broadcasting.</summary>
public sealed record Min : PointwiseOperator
{
    public static readonly Schema<Min> Schema = new Schema<Min>("Min", since: 1, _ => new()).Inputs("data_0...").Outputs("min").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Combine(BinaryFunction.Min, x.Present);
}
