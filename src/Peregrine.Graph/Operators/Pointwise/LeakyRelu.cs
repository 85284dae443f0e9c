using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x where x ≥ 0, else α·x.</summary>
public sealed record LeakyRelu(float Alpha = 0.01f) : PointwiseOperator
{
    public static readonly Schema<LeakyRelu> Schema = new Schema<LeakyRelu>("LeakyRelu", since: 1, a => new(a.Float("alpha"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 0.01f).Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Select(Expr.Less(x[0], 0), Alpha * x[0], x[0]);
}
