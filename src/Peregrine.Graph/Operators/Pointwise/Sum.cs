namespace Peregrine.Operators;

/// <summary>The sum of all operands. Before opset 8 without broadcasting.</summary>
public sealed record Sum : PointwiseOperator
{
    public static readonly Schema<Sum> Schema = new Schema<Sum>("Sum", since: 1, _ => new()).Inputs("data_0...").Outputs("sum").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Expr Body(Operands x) => Expr.Combine(BinaryFunction.Add, x.Present);
}
