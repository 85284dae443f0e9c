using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x where x ≥ 0, else α·(e^x - 1).</summary>
public sealed record Elu(float Alpha = 1) : PointwiseOperator
{
    public static readonly Schema<Elu> Schema = new Schema<Elu>("Elu", since: 1, a => new(a.Float("alpha"))).Inputs("X").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1).Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Select(Expr.Less(x[0], 0), Alpha * Expr.Expm1(x[0]), x[0]);
}
