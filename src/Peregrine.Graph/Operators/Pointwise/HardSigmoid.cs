using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>clamp(α·x + β, 0, 1).</summary>
public sealed record HardSigmoid(float Alpha = 0.2f, float Beta = 0.5f) : PointwiseOperator
{
    public static readonly Schema<HardSigmoid> Schema = new Schema<HardSigmoid>("HardSigmoid", since: 1, a => new(a.Float("alpha"), a.Float("beta"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 0.2f).Float("beta", o => o.Beta, 0.5f).Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Clamp((Alpha * x[0]) + Beta, 0, 1);
}
