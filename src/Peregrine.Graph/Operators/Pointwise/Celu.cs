using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>max(x, 0) + min(0, α·(e^(x/α) - 1)).</summary>
public sealed record Celu(float Alpha = 1) : PointwiseOperator
{
    public static readonly Schema<Celu> Schema = new Schema<Celu>("Celu", since: 12, a => new(a.Float("alpha"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Max(x[0], 0) + Expr.Min(Alpha * Expr.Expm1(x[0] / Alpha), 0);
}
