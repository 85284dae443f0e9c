using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// A loss of class scores [N, C, D…] against labels [N, D…] with optional weights [C]. Samples whose label is <see cref="IgnoreIndex"/> count nothing, not even in the mean.
/// </summary>
public abstract record LossOperator(long? IgnoreIndex, LossReduction Reduction) : Operator
{
    public sealed override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 2) || !c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        Shape scores = c.Shape(0), labels = c.Shape(1);
        if (scores.IsRanked)
        {
            if (scores.Rank < 2 || !c.RequireVector(2, scores[1], "one per class"))
            {
                if (scores.Rank < 2)
                {
                    c.Error("PG2538", $"the scores {scores} must have the shape [N,C,…].");
                }

                return;
            }

            Shape expected = Shape.From(scores.Where((_, i) => i != 1));
            if (labels.IsRanked && (labels.Rank != expected.Rank || labels.Zip(expected).Any(p => Dim.ProvablyDifferent(p.First, p.Second))))
            {
                c.Error("PG2539", $"the labels {labels} do not fit the scores {scores}; they must be {expected}.");
                return;
            }

            labels = expected;
        }

        c.Set(0, c.ElementType(0), Reduction == LossReduction.None ? labels : Shape.Scalar);
        c.Set(1, c.ElementType(0), scores);
    }

    private protected static Schema<TOperator> Declare<TOperator>(Schema<TOperator> schema) where TOperator : LossOperator => schema
        .OptionalInt("ignore_index", o => o.IgnoreIndex)
        .Choice("reduction", o => o.Reduction, LossReduction.Mean, ("none", LossReduction.None), ("sum", LossReduction.Sum), ("mean", LossReduction.Mean));

    /// <summary>Writes output 0 from log probabilities in the layout of the scores.</summary>
    private protected void Reduce(EvaluationScope c, ReadOnlySpan<double> logProbabilities)
    {
        AxisSplit split = AxisSplit.At(c.Dims(0), 1);
        ReadOnlySpan<long> labels = c.Read<long>(1);
        ReadOnlySpan<double> weights = c.Has(2) ? c.Read<double>(2) : [];
        Span<double> output = c.Write<double>(0);
        double total = 0, totalWeight = 0;
        for (int sample = 0; sample < labels.Length; sample++)
        {
            long label = labels[sample];
            double loss = 0;
            if (label != IgnoreIndex)
            {
                if ((ulong)label >= (ulong)split.Extent)
                {
                    throw c.Fail("PG2540", $"label {label} of sample {sample} is outside of [0, {split.Extent - 1}].");
                }

                double weight = weights.IsEmpty ? 1 : weights[(int)label];
                loss = -logProbabilities[split.Start(sample / split.Inner, sample % split.Inner) + (int)(label * split.Inner)] * weight;
                total += loss;
                totalWeight += weight;
            }

            if (Reduction == LossReduction.None)
            {
                output[sample] = loss;
            }
        }

        if (Reduction != LossReduction.None)
        {
            output[0] = Reduction == LossReduction.Sum ? total : total / totalWeight;
        }
    }
}
