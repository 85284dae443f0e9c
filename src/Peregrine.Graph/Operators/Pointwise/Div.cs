namespace Peregrine.Operators;

/// <summary>a / b with broadcasting; integers truncate toward zero. Opsets 1 to 6 aligned b by the attributes <c>broadcast</c> and <c>axis</c>.</summary>
public sealed record Div : PointwiseOperator
{
    public static readonly Schema<Div> Schema = new Schema<Div>("Div", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Expr Body(Operands x) => x[0] / x[1];
}
