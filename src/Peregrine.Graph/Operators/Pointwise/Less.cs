namespace Peregrine.Operators;

/// <summary>Whether a &lt; b, with broadcasting.</summary>
public sealed record Less : PointwiseOperator
{
    public static readonly Schema<Less> Schema = new Schema<Less>("Less", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Less(x[0], x[1]);
}
