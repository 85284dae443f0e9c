using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The mean of all operands. Before opset 8 without broadcasting.</summary>
public sealed record Mean : PointwiseOperator
{
    public static readonly Schema<Mean> Schema = new Schema<Mean>("Mean", since: 1, _ => new()).Inputs("data_0...").Outputs("mean").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Combine(BinaryFunction.Add, x.Present) / x.Present.Length;
}
