using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x + bias where x &lt; -λ, x - bias where x &gt; λ, else 0. Integers are computed as float64.</summary>
public sealed record Shrink(float Bias = 0, float Lambd = 0.5f) : PointwiseOperator
{
    public static readonly Schema<Shrink> Schema = new Schema<Shrink>("Shrink", since: 9, a => new(a.Float("bias"), a.Float("lambd"))).Inputs("input").Outputs("output")
        .Float("bias", o => o.Bias, 0).Float("lambd", o => o.Lambd, 0.5f);

    public override OperatorSchema Definition => Schema;

    public override Expr Body(Operands x) => x.Type(0).IsFloat() ? Shrunk(x[0]) : Shrunk(x[0].To(DataType.Float64)).To(x.Type(0));

    private Expr Shrunk(Expr x) => Expr.Select(Expr.Less(x, -Lambd), x + Bias, Expr.Select(Expr.Less(Lambd, x), x - Bias, 0));
}
