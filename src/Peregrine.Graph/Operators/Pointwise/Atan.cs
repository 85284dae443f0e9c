using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The arc tangent, in radians.</summary>
public sealed record Atan : PointwiseOperator
{
    public static readonly Schema<Atan> Schema = new Schema<Atan>("Atan", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Atan, x[0]);
}
