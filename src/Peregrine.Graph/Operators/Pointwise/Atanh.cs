using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The inverse hyperbolic tangent.</summary>
public sealed record Atanh : PointwiseOperator
{
    public static readonly Schema<Atanh> Schema = new Schema<Atanh>("Atanh", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Atanh, x[0]);
}
