namespace Peregrine.Operators;

/// <summary>x / ‖x‖ₚ along an axis, p = 1 or 2; 0 where the norm is 0.</summary>
public sealed record LpNormalization(long Axis = -1, long P = 2) : AxisNormalization(Axis)
{
    public static readonly Schema<LpNormalization> Schema = new Schema<LpNormalization>("LpNormalization", since: 1, a => new(a.Int("axis"), a.Int("p"))).Inputs("input").Outputs("output")
        .Int("axis", o => o.Axis, -1)
        .Int("p", o => o.P, 2);

    public override OperatorSchema Definition => Schema;

    protected override void Check(InferenceScope c)
    {
        if (P is not (1 or 2))
        {
            c.Error("PG2531", $"p is {P}; only 1 and 2 are defined.");
        }
    }

    protected override void Normalize(ReadOnlySpan<double> x, Span<double> y, int count, int stride)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            double value = x[i * stride];
            sum += P == 1 ? Math.Abs(value) : value * value;
        }

        double norm = P == 1 ? sum : Math.Sqrt(sum);
        for (int i = 0; i < count; i++)
        {
            y[i * stride] = norm == 0 ? 0 : x[i * stride] / norm;
        }
    }
}
