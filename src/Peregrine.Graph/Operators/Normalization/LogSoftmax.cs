namespace Peregrine.Operators;

/// <summary>x - ln Σeˣ along an axis.</summary>
public sealed record LogSoftmax(long Axis = -1) : AxisNormalization(Axis)
{
    public static readonly Schema<LogSoftmax> Schema = new Schema<LogSoftmax>("LogSoftmax", since: 13, a => new(a.Int("axis"))).Inputs("input").Outputs("output")
        .Int("axis", o => o.Axis, -1)
        .Import(1, 12, LegacySoftmax.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    /// <summary>The largest of the elements at i · stride; NaN if there is one.</summary>
    internal static double Largest(ReadOnlySpan<double> x, int count, int stride)
    {
        double max = double.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            max = Math.Max(max, x[i * stride]);
        }

        return max;
    }

    /// <summary>The kernel of one slice, as <see cref="AxisNormalization.Normalize"/>.</summary>
    internal static void Slice(ReadOnlySpan<double> x, Span<double> y, int count, int stride)
    {
        double max = Largest(x, count, stride), sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Math.Exp(x[i * stride] - max);
        }

        // The maximum is subtracted first: x - (max + ln Σ) would lose the digits of large x.
        double log = Math.Log(sum);
        for (int i = 0; i < count; i++)
        {
            y[i * stride] = x[i * stride] - max - log;
        }
    }

    protected override void Normalize(ReadOnlySpan<double> x, Span<double> y, int count, int stride) => Slice(x, y, count, stride);
}
