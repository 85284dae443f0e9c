namespace Peregrine.Operators;

/// <summary>The negated, weighted log probability of each sample's label; the input holds log probabilities.</summary>
public sealed record NegativeLogLikelihoodLoss(long? IgnoreIndex = null, LossReduction Reduction = LossReduction.Mean) : LossOperator(IgnoreIndex, Reduction)
{
    public static readonly Schema<NegativeLogLikelihoodLoss> Schema = Declare(
        new Schema<NegativeLogLikelihoodLoss>("NegativeLogLikelihoodLoss", since: 12, a => new(a.OptionalInt("ignore_index"), a.Choice<LossReduction>("reduction")))
            .Inputs("input", "target", "weight?").Outputs("loss"));

    public override OperatorSchema Definition => Schema;

    public override void Evaluate(EvaluationScope c) => Reduce(c, c.Read<double>(0));
}
