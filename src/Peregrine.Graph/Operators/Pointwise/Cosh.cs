using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The hyperbolic cosine.</summary>
public sealed record Cosh : PointwiseOperator
{
    public static readonly Schema<Cosh> Schema = new Schema<Cosh>("Cosh", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Cosh, x[0]);
}
