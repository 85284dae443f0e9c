using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The error function 2/√π·∫₀ˣ e^(-t²)dt.</summary>
public sealed record Erf : PointwiseOperator
{
    public static readonly Schema<Erf> Schema = new Schema<Erf>("Erf", since: 9, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Erf, x[0]);
}
