namespace Peregrine.Operators;

/// <summary>The largest of all operands; NaN if any is. Before opset 8 without broadcasting.</summary>
public sealed record Max : PointwiseOperator
{
    public static readonly Schema<Max> Schema = new Schema<Max>("Max", since: 1, _ => new()).Inputs("data_0...").Outputs("max").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Combine(BinaryFunction.Max, x.Present);
}
