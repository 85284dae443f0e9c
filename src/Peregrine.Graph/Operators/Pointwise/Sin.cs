using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The sine of an angle in radians.</summary>
public sealed record Sin : PointwiseOperator
{
    public static readonly Schema<Sin> Schema = new Schema<Sin>("Sin", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Sin, x[0]);
}
