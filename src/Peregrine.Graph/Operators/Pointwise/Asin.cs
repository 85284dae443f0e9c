using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The arc sine, in radians.</summary>
public sealed record Asin : PointwiseOperator
{
    public static readonly Schema<Asin> Schema = new Schema<Asin>("Asin", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Asin, x[0]);
}
