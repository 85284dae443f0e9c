using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Logical conjunction, with broadcasting.</summary>
public sealed record And : PointwiseOperator
{
    public static readonly Schema<And> Schema = new Schema<And>("And", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type == DataType.Bool;

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.And, x[0], x[1]);
}
