using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The hyperbolic sine.</summary>
public sealed record Sinh : PointwiseOperator
{
    public static readonly Schema<Sinh> Schema = new Schema<Sinh>("Sinh", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Sinh, x[0]);
}
