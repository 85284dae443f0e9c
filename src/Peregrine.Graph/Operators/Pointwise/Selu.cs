using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>γ·x where x &gt; 0, else γ·α·(e^x - 1).</summary>
public sealed record Selu(float Alpha = Selu.DefaultAlpha, float Gamma = Selu.DefaultGamma) : PointwiseOperator
{
    internal const float DefaultAlpha = 1.67326319217681884765625f;
    internal const float DefaultGamma = 1.05070102214813232421875f;

    public static readonly Schema<Selu> Schema = new Schema<Selu>("Selu", since: 6, a => new(a.Float("alpha"), a.Float("gamma"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, DefaultAlpha).Float("gamma", o => o.Gamma, DefaultGamma)
        .Import(1, 5, s => s.Default(("alpha", s.Attributes.Float("alpha", 1.6732f)), ("gamma", s.Attributes.Float("gamma", 1.0507f)))).Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Gamma * Expr.Select(Expr.LessOrEqual(x[0], 0), Alpha * Expr.Expm1(x[0]), x[0]);
}
