using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Draws class indices [batch, sample_size] from unnormalised log probabilities [batch, classes].</summary>
public sealed record Multinomial(DataType Type = DataType.Int32, long SampleSize = 1, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<Multinomial> Schema =
        new Schema<Multinomial>("Multinomial", since: 7, a => new(a.DataType("dtype"), a.Int("sample_size"), a.OptionalFloat("seed")))
        .Inputs("input").Outputs("output")
        .DataType("dtype", o => o.Type, DataType.Int32)
        .Int("sample_size", o => o.SampleSize, 1)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        if (Type is not (DataType.Int32 or DataType.Int64) || SampleSize < 0)
        {
            c.Error("PG2572", $"dtype is {(long)Type} and sample_size {SampleSize}; dtype must be 6 (int32) or 7 (int64), and sample_size not negative.");
            return;
        }

        if (c.IsRanked(0) && (c.Shape(0).Rank != 2 || c.Shape(0)[1] == Symbolics.Dim.Zero))
        {
            c.Error("PG2573", $"the input {c.Shape(0)} must be [batch,classes] with at least one class.");
            return;
        }

        c.Set(0, Type, [c.IsRanked(0) ? c.Shape(0)[0] : c.FreshSymbol(null), SampleSize]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        RandomStream random = new(Seed, c.NodeName);
        ReadOnlySpan<double> scores = c.Read<double>(0);
        Span<long> y = c.Write<long>(0);
        int classes = (int)c.Dims(0)[1];
        Span<double> cumulative = c.Scratch<double>(classes);
        for (int sample = 0; sample < y.Length; sample++)
        {
            if (sample % SampleSize == 0)
            {
                ReadOnlySpan<double> row = scores.Slice((int)(sample / SampleSize) * classes, classes);
                double max = LogSoftmax.Largest(row, classes, 1), sum = 0;
                for (int i = 0; i < classes; i++)
                {
                    cumulative[i] = sum += Math.Exp(row[i] - max);
                }
            }

            double target = random.NextUniform() * cumulative[^1];
            int index = 0;
            while (index < classes - 1 && target >= cumulative[index])
            {
                index++;
            }

            y[sample] = index;
        }
    }
}
