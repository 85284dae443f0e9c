namespace Peregrine.Operators;

/// <summary>
/// The remainder of a / b with broadcasting: with the divisor's sign (Python's %), or with <paramref name="Fmod"/> the dividend's (C's fmod). An integer divisor of 0 gives 0.
/// The standard reserves the first for integers and the second for floats; either works on both here.
/// </summary>
public sealed record Mod(bool Fmod = false) : PointwiseOperator
{
    public static readonly Schema<Mod> Schema = new Schema<Mod>("Mod", since: 10, a => new(a.Flag("fmod"))).Inputs("A", "B").Outputs("C")
        .Flag("fmod", o => o.Fmod, false);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x) => Expr.Apply(Fmod ? BinaryFunction.Remainder : BinaryFunction.Modulo, x[0], x[1]);
}
