using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The tangent of an angle in radians.</summary>
public sealed record Tan : PointwiseOperator
{
    public static readonly Schema<Tan> Schema = new Schema<Tan>("Tan", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Tan, x[0]);
}
