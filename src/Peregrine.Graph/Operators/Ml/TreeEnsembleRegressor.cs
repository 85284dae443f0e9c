using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Decision trees in the form before opset 5 of the domain: Y [N, targets] are the aggregated votes plus the base values, transformed, as float32.</summary>
public sealed record TreeEnsembleRegressor : LegacyTrees
{
    public static readonly Schema<TreeEnsembleRegressor> Schema = Declare(new Schema<TreeEnsembleRegressor>("TreeEnsembleRegressor", since: 1, a => new(a), MlDomain.Name).Inputs("X").Outputs("Y"), "target")
        .Choice("aggregate_function", o => o.Aggregation, VoteAggregation.Sum, ("SUM", VoteAggregation.Sum), ("AVERAGE", VoteAggregation.Average), ("MIN", VoteAggregation.Min), ("MAX", VoteAggregation.Max))
        .Int("n_targets", o => o.Targets, 1);

    private TreeEnsembleRegressor(AttributeReader a)
        : base(a, "target") => (Aggregation, Targets) = (a.Choice<VoteAggregation>("aggregate_function"), a.Int("n_targets"));

    public VoteAggregation Aggregation { get; init; }

    public long Targets { get; init; }

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (CheckLists(c, Targets))
        {
            c.RequireRows(0, out Dim? rows, out _);
            c.Set(0, DataType.Float32, Shape.Create([rows ?? c.FreshSymbol(null), Targets]));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        TreeForest forest = (TreeForest)(c.State ??= Build(c, (int)Targets));
        TreeScoring.Score(c, forest, Aggregation, BaseValues, Transform);
    }
}
