using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The cosine of an angle in radians.</summary>
public sealed record Cos : PointwiseOperator
{
    public static readonly Schema<Cos> Schema = new Schema<Cos>("Cos", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Cos, x[0]);
}
