namespace Peregrine.Operators;

/// <summary>1 for the first largest element along an axis, 0 for the others.</summary>
public sealed record Hardmax(long Axis = -1) : AxisNormalization(Axis)
{
    public static readonly Schema<Hardmax> Schema = new Schema<Hardmax>("Hardmax", since: 13, a => new(a.Int("axis"))).Inputs("input").Outputs("output")
        .Int("axis", o => o.Axis, -1)
        .Import(1, 12, LegacySoftmax.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    protected override void Normalize(ReadOnlySpan<double> x, Span<double> y, int count, int stride)
    {
        int best = 0;
        for (int i = 0; i < count; i++)
        {
            y[i * stride] = 0;
            best = x[i * stride] > x[best * stride] || (double.IsNaN(x[i * stride]) && !double.IsNaN(x[best * stride])) ? i : best;
        }

        y[best * stride] = 1;
    }
}
