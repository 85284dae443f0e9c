namespace Peregrine.Operators;

/// <summary>a - b with broadcasting. Opsets 1 to 6 aligned b by the attributes <c>broadcast</c> and <c>axis</c>.</summary>
public sealed record Sub : PointwiseOperator
{
    public static readonly Schema<Sub> Schema = new Schema<Sub>("Sub", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Expr Body(Operands x) => x[0] - x[1];
}
