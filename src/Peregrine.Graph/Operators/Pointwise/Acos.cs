using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The arc cosine, in radians.</summary>
public sealed record Acos : PointwiseOperator
{
    public static readonly Schema<Acos> Schema = new Schema<Acos>("Acos", since: 7, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Acos, x[0]);
}
