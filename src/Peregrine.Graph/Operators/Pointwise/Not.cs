using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Logical negation.</summary>
public sealed record Not : PointwiseOperator
{
    public static readonly Schema<Not> Schema = new Schema<Not>("Not", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type == DataType.Bool;

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Not, x[0]);
}
