namespace Peregrine.Operators;

/// <summary>eˣ / Σeˣ along an axis.</summary>
public sealed record Softmax(long Axis = -1) : AxisNormalization(Axis)
{
    public static readonly Schema<Softmax> Schema = new Schema<Softmax>("Softmax", since: 13, a => new(a.Int("axis"))).Inputs("input").Outputs("output")
        .Int("axis", o => o.Axis, -1)
        .Import(1, 12, LegacySoftmax.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    protected override void Normalize(ReadOnlySpan<double> x, Span<double> y, int count, int stride)
    {
        double max = LogSoftmax.Largest(x, count, stride), sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += y[i * stride] = Math.Exp(x[i * stride] - max);
        }

        for (int i = 0; i < count; i++)
        {
            y[i * stride] /= sum;
        }
    }
}
