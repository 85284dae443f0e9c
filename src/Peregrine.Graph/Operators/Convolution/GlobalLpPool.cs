namespace Peregrine.Operators;

/// <summary>The Lp norm of each channel.</summary>
public sealed record GlobalLpPool(long P = 2) : GlobalPool
{
    public static readonly Schema<GlobalLpPool> Schema = new Schema<GlobalLpPool>("GlobalLpPool", since: 2, a => new(a.Int("p"))).Inputs("X").Outputs("Y")
        .Int("p", o => o.P, 2)
        .Import(1, 1, LpNorm.ImportFloatExponent);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (LpNorm.Check(c, P))
        {
            base.Infer(c);
        }
    }

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double sum = 0;
        foreach (T value in plane)
        {
            sum += LpNorm.Power(double.CreateTruncating(value), P);
        }

        return LpNorm.Root(sum, P);
    }
}
