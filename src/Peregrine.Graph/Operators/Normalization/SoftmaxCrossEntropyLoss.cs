namespace Peregrine.Operators;

/// <summary>The negated, weighted log probability of each sample's label, where log probabilities are the log-softmax of the scores along axis 1 (an optional output).</summary>
public sealed record SoftmaxCrossEntropyLoss(long? IgnoreIndex = null, LossReduction Reduction = LossReduction.Mean) : LossOperator(IgnoreIndex, Reduction)
{
    public static readonly Schema<SoftmaxCrossEntropyLoss> Schema = Declare(
        new Schema<SoftmaxCrossEntropyLoss>("SoftmaxCrossEntropyLoss", since: 12, a => new(a.OptionalInt("ignore_index"), a.Choice<LossReduction>("reduction")))
            .Inputs("scores", "labels", "weights?").Outputs("output", "log_prob?"));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Evaluate(EvaluationScope c)
    {
        AxisSplit split = AxisSplit.At(c.Dims(0), 1);
        ReadOnlySpan<double> scores = c.Read<double>(0);
        Span<double> logProbabilities = c.Wants(1) ? c.Write<double>(1) : c.Scratch<double>(scores.Length);
        for (long outer = 0; !scores.IsEmpty && outer < split.Outer; outer++)
        {
            for (long inner = 0; inner < split.Inner; inner++)
            {
                int start = split.Start(outer, inner);
                LogSoftmax.Slice(scores[start..], logProbabilities[start..], (int)split.Extent, (int)split.Inner);
            }
        }

        Reduce(c, logProbabilities);
    }
}
