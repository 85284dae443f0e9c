using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Logical disjunction, with broadcasting.</summary>
public sealed record Or : PointwiseOperator
{
    public static readonly Schema<Or> Schema = new Schema<Or>("Or", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type == DataType.Bool;

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.Or, x[0], x[1]);
}
