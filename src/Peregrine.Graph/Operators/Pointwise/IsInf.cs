using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Whether x is infinite, of the signs that the attributes select.</summary>
public sealed record IsInf(bool DetectNegative = true, bool DetectPositive = true) : PointwiseOperator
{
    public static readonly Schema<IsInf> Schema = new Schema<IsInf>("IsInf", since: 10, a => new(a.Flag("detect_negative"), a.Flag("detect_positive"))).Inputs("X").Outputs("Y")
        .Flag("detect_negative", o => o.DetectNegative, true).Flag("detect_positive", o => o.DetectPositive, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => (DetectPositive, DetectNegative) switch
    {
        (true, true) => Expr.Apply(BinaryFunction.Or, Expr.Apply(UnaryFunction.IsPositiveInfinity, x[0]), Expr.Apply(UnaryFunction.IsNegativeInfinity, x[0])),
        (true, false) => Expr.Apply(UnaryFunction.IsPositiveInfinity, x[0]),
        (false, true) => Expr.Apply(UnaryFunction.IsNegativeInfinity, x[0]),
        _ => new ConvertExpr(DataType.Bool, 0),
    };
}
