namespace Peregrine.Operators;

/// <summary>
/// Local response normalization: x / (bias + alpha/size · Σx²)^beta, the sum over the channels (axis 1) from c - ⌊(size-1)/2⌋ to c + ⌈(size-1)/2⌉.
/// </summary>
public sealed record LRN(long Size, float Alpha = 1e-4f, float Beta = 0.75f, float Bias = 1) : Operator
{
    public static readonly Schema<LRN> Schema = new Schema<LRN>("LRN", since: 1, a => new(a.Int("size"), a.Float("alpha"), a.Float("beta"), a.Float("bias")))
        .Inputs("X").Outputs("Y")
        .Int("size", o => o.Size)
        .Float("alpha", o => o.Alpha, 1e-4f)
        .Float("beta", o => o.Beta, 0.75f)
        .Float("bias", o => o.Bias, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        if (Size < 1 || (c.IsRanked(0) && c.Shape(0).Rank < 2))
        {
            c.Error("PG2536", $"size is {Size} and the input {c.Shape(0)}; size must be at least 1 and the input of shape [N,C,…].");
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        AxisSplit split = AxisSplit.At(c.Dims(0), 1);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        long before = (Size - 1) / 2, after = Size - 1 - before;
        for (long outer = 0; outer < split.Outer; outer++)
        {
            for (long channel = 0; channel < split.Extent; channel++)
            {
                long first = Math.Max(0, channel - before), last = channel + Math.Min(after, split.Extent - 1 - channel);
                for (long inner = 0; inner < split.Inner; inner++)
                {
                    double squares = 0;
                    int start = split.Start(outer, inner);
                    for (long other = first; other <= last; other++)
                    {
                        double value = x[start + (int)(other * split.Inner)];
                        squares += value * value;
                    }

                    int index = start + (int)(channel * split.Inner);
                    y[index] = x[index] / Math.Pow(Bias + (Alpha / (double)Size * squares), Beta);
                }
            }
        }
    }
}
