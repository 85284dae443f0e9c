using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How the normal distribution is computed.</summary>
public enum GeluForm
{
    /// <summary>x/2 · (1 + erf(x/√2)).</summary>
    Exact,
    /// <summary>x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))).</summary>
    Tanh,
}

/// <summary>The Gaussian error linear unit.</summary>
public sealed record Gelu(GeluForm Approximate = GeluForm.Exact) : PointwiseOperator
{
    public static readonly Schema<Gelu> Schema = new Schema<Gelu>("Gelu", since: 20, a => new(a.Choice<GeluForm>("approximate"))).Inputs("X").Outputs("Y")
        .Choice<GeluForm>("approximate", o => o.Approximate, GeluForm.Exact, ("none", GeluForm.Exact), ("tanh", GeluForm.Tanh));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x)
    {
        Expr gate = Approximate == GeluForm.Exact
            ? Expr.Erf(x[0] * Math.Sqrt(0.5))
            : Expr.Tanh(Math.Sqrt(2 / Math.PI) * (x[0] + (0.044715 * (x[0] * x[0] * x[0]))));
        return 0.5 * x[0] * (1 + gate);
    }
}
