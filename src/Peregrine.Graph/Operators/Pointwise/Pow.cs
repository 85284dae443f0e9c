using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>x to the power y with broadcasting, in the type of x. Opsets 1 to 6 aligned y by the attributes <c>broadcast</c> and <c>axis</c>.</summary>
public sealed record Pow : PointwiseOperator
{
    public static readonly Schema<Pow> Schema = new Schema<Pow>("Pow", since: 7, _ => new()).Inputs("X", "Y").Outputs("Z")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool SharesType(int index) => index == 0;

    public override Expr Body(Operands x)
    {
        DataType type = x.Type(0), exponent = x.Type(1);
        if (type == exponent)
        {
            return Power(x[0], x[1]);
        }

        if (type.IsInteger() && exponent.IsInteger())
        {
            return exponent == DataType.UInt64 ? Power(x[0].To(DataType.UInt64), x[1]).To(type) : Power(x[0].To(DataType.Int64), x[1].To(DataType.Int64)).To(type);
        }

        // Both arguments in a type that holds every value of either (64-bit integers as nearly as floats can).
        DataType common = IsWide(type) || IsWide(exponent) ? DataType.Float64 : DataType.Float32;
        return Power(x[0].To(common), x[1].To(common)).To(type);
    }

    private static bool IsWide(DataType type) => type == DataType.Float64 || (type.IsInteger() && type.Bits() >= 32);

    private static Expr Power(Expr x, Expr y) => Expr.Apply(BinaryFunction.Power, x, y);
}
