using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>1 where x exceeds the threshold, else 0.</summary>
public sealed record Binarizer(float Threshold = 0) : Operator
{
    public static readonly Schema<Binarizer> Schema = new Schema<Binarizer>("Binarizer", since: 1, a => new(a.Float("threshold")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Float("threshold", o => o.Threshold, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.RequireNumeric(0))
        {
            c.Set(0, c.ElementType(0), c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type.IsFloat())
        {
            ReadOnlySpan<double> x = c.Read<double>(0);
            Span<double> y = c.Write<double>(0);
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = x[i] > Threshold ? 1 : 0;
            }

            return;
        }

        // An integer exceeds the threshold if it exceeds the threshold's floor; floats cannot tell large integers apart.
        double floor = Math.Floor((double)Threshold);
        ReadOnlySpan<long> integers = c.Read<long>(0);
        Span<long> bits = c.Write<long>(0);
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = floor < long.MinValue || (floor < long.MaxValue && integers[i] > (long)floor) ? 1 : 0;
        }
    }
}
