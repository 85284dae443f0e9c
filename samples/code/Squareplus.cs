using Peregrine.Operators;
using Peregrine.Tensors;

namespace Samples;

// <operator>
/// <summary>(x + √(x² + b)) / 2: smooth like Softplus, without exponentials.</summary>
public sealed record Squareplus(float B = 4) : PointwiseOperator
{
    public static readonly Schema<Squareplus> Schema = new Schema<Squareplus>("Squareplus", since: 1, a => new(a.Float("b")), domain: "samples")
        .Inputs("X").Outputs("Y")
        .Float("b", o => o.B, 4);

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => (x[0] + Expr.Sqrt((x[0] * x[0]) + B)) * 0.5;
}
// </operator>
