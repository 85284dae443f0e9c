namespace Peregrine.Operators;

/// <summary>x · clamp(x/6 + 1/2, 0, 1).</summary>
public sealed record HardSwish : PointwiseOperator
{
    public static readonly Schema<HardSwish> Schema = new Schema<HardSwish>("HardSwish", since: 14, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, Tensors.DataType type) => Tensors.DataTypes.IsFloat(type);

    public override Expr Body(Operands x) => x[0] * Expr.Clamp((x[0] * (1.0 / 6)) + 0.5, 0, 1);
}
