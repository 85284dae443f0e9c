using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The natural logarithm.</summary>
public sealed record Log : PointwiseOperator
{
    public static readonly Schema<Log> Schema = new Schema<Log>("Log", since: 1, _ => new()).Inputs("input").Outputs("output").Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => Expr.Apply(UnaryFunction.Log, x[0]);
}
