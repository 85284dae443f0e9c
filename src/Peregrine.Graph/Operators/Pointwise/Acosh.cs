using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The inverse hyperbolic cosine.</summary>
public sealed record Acosh : PointwiseOperator
{
    public static readonly Schema<Acosh> Schema = new Schema<Acosh>("Acosh", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Acosh, x[0]);
}
