namespace Peregrine.Operators;

/// <summary>Whether a &gt; b, with broadcasting.</summary>
public sealed record Greater : PointwiseOperator
{
    public static readonly Schema<Greater> Schema = new Schema<Greater>("Greater", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Less(x[1], x[0]);
}
