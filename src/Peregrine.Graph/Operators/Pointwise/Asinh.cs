using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The inverse hyperbolic sine.</summary>
public sealed record Asinh : PointwiseOperator
{
    public static readonly Schema<Asinh> Schema = new Schema<Asinh>("Asinh", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Asinh, x[0]);
}
