using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Logical exclusive or, with broadcasting.</summary>
public sealed record Xor : PointwiseOperator
{
    public static readonly Schema<Xor> Schema = new Schema<Xor>("Xor", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type == DataType.Bool;

    public override Expr Body(Operands x) => Expr.Apply(BinaryFunction.Xor, x[0], x[1]);
}
