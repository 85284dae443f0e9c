using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Decision trees: each row of X [N, F] walks every tree from its root to a leaf, and the leaves' weights are aggregated per target to Y [N, <paramref name="Targets"/>].
/// Inner nodes stand in the <c>nodes_…</c> lists, leaves in the <c>leaf_…</c> lists; <c>nodes_trueleafs</c> and <c>nodes_falseleafs</c> say in which of the two a child stands.
/// </summary>
/// <param name="Modes">uint8 per node: 0 ≤, 1 &lt;, 2 ≥, 3 &gt;, 4 =, 5 ≠, 6 member of a set.</param>
/// <param name="Members">The sets of the member nodes in the nodes' order, each ended by a NaN.</param>
/// <param name="HitRates">How often each node is visited; without meaning for the result.</param>
public sealed record TreeEnsemble(
    Ints Roots, Ints Features, Tensor? Modes, Tensor? Splits, Ints TrueIds, Ints TrueLeaves, Ints FalseIds, Ints FalseLeaves, Ints LeafTargets, Tensor? LeafWeights,
    Tensor? Members = null, Ints? MissingTracksTrue = null, Tensor? HitRates = null, long? Targets = null, VoteAggregation Aggregation = VoteAggregation.Sum, ScoreTransform Transform = ScoreTransform.None) : Operator
{
    public static readonly Schema<TreeEnsemble> Schema = new Schema<TreeEnsemble>(
        "TreeEnsemble",
        since: 5,
        a => new(
            a.Ints("tree_roots"), a.Ints("nodes_featureids"), a.OptionalTensor("nodes_modes"), a.OptionalTensor("nodes_splits"), a.Ints("nodes_truenodeids"), a.Ints("nodes_trueleafs"),
            a.Ints("nodes_falsenodeids"), a.Ints("nodes_falseleafs"), a.Ints("leaf_targetids"), a.OptionalTensor("leaf_weights"), a.OptionalTensor("membership_values"),
            a.OptionalInts("nodes_missing_value_tracks_true"), a.OptionalTensor("nodes_hitrates"), a.OptionalInt("n_targets"), (VoteAggregation)a.Int("aggregate_function"), (ScoreTransform)a.Int("post_transform")),
        MlDomain.Name)
        .Inputs("X").Outputs("Y")
        .Ints("tree_roots", o => o.Roots).Ints("nodes_featureids", o => o.Features).OptionalTensor("nodes_modes", o => o.Modes).OptionalTensor("nodes_splits", o => o.Splits)
        .Ints("nodes_truenodeids", o => o.TrueIds).Ints("nodes_trueleafs", o => o.TrueLeaves).Ints("nodes_falsenodeids", o => o.FalseIds).Ints("nodes_falseleafs", o => o.FalseLeaves)
        .Ints("leaf_targetids", o => o.LeafTargets).OptionalTensor("leaf_weights", o => o.LeafWeights).OptionalTensor("membership_values", o => o.Members)
        .OptionalInts("nodes_missing_value_tracks_true", o => o.MissingTracksTrue).OptionalTensor("nodes_hitrates", o => o.HitRates).OptionalInt("n_targets", o => o.Targets)
        .Int("aggregate_function", o => (long)o.Aggregation, (long)VoteAggregation.Sum).Int("post_transform", o => (long)o.Transform, (long)ScoreTransform.None);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Transform == ScoreTransform.None ? Accuracy.Rounding : Accuracy.Approximate;

    /// <summary>The number of targets; one more than the largest that a leaf names where the attribute is absent.</summary>
    private long TargetCount => Targets ?? Math.Min(LeafTargets.Append(0).Max(), int.MaxValue) + 1;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16))
        {
            return;
        }

        if (c.IsRanked(0) && c.Shape(0).Rank != 2)
        {
            c.Error("PG2600", $"the input is {c.Shape(0)}, but must be [N,F].");
            return;
        }

        Dim? features = c.IsRanked(0) ? c.Shape(0)[1] : null;
        if (Problem(features is { IsConstant: true } known ? known.Constant : null) is { } problem)
        {
            c.Error("PG2601", problem);
            return;
        }

        c.Set(0, c.ElementType(0), Shape.Create([c.IsRanked(0) ? c.Shape(0)[0] : c.FreshSymbol(null), TargetCount]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        TreeForest forest = (TreeForest)(c.State ??= Build());
        TreeScoring.Score(c, forest, Aggregation, [], Transform);
    }

    /// <summary>What is wrong with the lists; null if nothing is.</summary>
    private string? Problem(long? features)
    {
        int nodes = Features.Count, leaves = LeafTargets.Count;
        if (!Enum.IsDefined(Aggregation) || !Enum.IsDefined(Transform))
        {
            return $"aggregate_function is {(long)Aggregation} and post_transform {(long)Transform}; known are 0 to 3 and 0 to 4.";
        }

        if (Modes is not { Type: DataType.UInt8 } || Splits is not { Type: DataType.Float32 or DataType.Float64 or DataType.Float16 } || LeafWeights is not { Type: DataType.Float32 or DataType.Float64 or DataType.Float16 }
            || Members is { Type: not (DataType.Float32 or DataType.Float64 or DataType.Float16) })
        {
            return "nodes_modes must be a tensor of uint8, and nodes_splits, leaf_weights and membership_values must be tensors of floats.";
        }

        if (Modes.Length != nodes || Splits.Length != nodes || TrueIds.Count != nodes || TrueLeaves.Count != nodes || FalseIds.Count != nodes || FalseLeaves.Count != nodes
            || MissingTracksTrue is { Count: > 0 } missing && missing.Count != nodes || LeafWeights.Length != leaves)
        {
            return $"its lists of {nodes} nodes or of {leaves} leaves differ in length.";
        }

        if (TargetCount is < 1 or > int.MaxValue || LeafTargets.Any(t => t < 0 || t >= TargetCount))
        {
            return $"a leaf votes for a target outside of the {TargetCount} that it has.";
        }

        if (Features.Any(f => f is < 0 or > int.MaxValue || f >= features))
        {
            return $"a node asks for feature {Features.Max()} (smallest {Features.Min()}), but X has {features?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "other"} features.";
        }

        for (int i = 0; i < nodes; i++)
        {
            if (!IsChild(TrueIds[i], TrueLeaves[i]) || !IsChild(FalseIds[i], FalseLeaves[i]))
            {
                return $"node {i} leads to {TrueIds[i]} or {FalseIds[i]}, but there are {nodes} nodes and {leaves} leaves.";
            }
        }

        if (Modes.Data.Span.ContainsAnyExceptInRange((byte)BranchMode.AtMost, (byte)BranchMode.Member))
        {
            return "a node's mode is above 6.";
        }

        int sets = Modes.Data.Span.Count((byte)BranchMode.Member);
        int given = Members is null ? 0 : MemberSets().Count;
        return sets != given ? $"{sets} nodes test membership, but membership_values holds {given} sets." : Roots.Any(r => r < 0 || r >= nodes) ? $"a root lies outside of the {nodes} nodes." : null;

        bool IsChild(long id, long isLeaf) => id >= 0 && id < (isLeaf != 0 ? leaves : nodes);
    }

    private List<HashSet<double>> MemberSets()
    {
        List<HashSet<double>> sets = [];
        HashSet<double> current = [];
        bool open = false;
        foreach (double member in Doubles(Members!))
        {
            if (double.IsNaN(member))
            {
                sets.Add(current);
                (current, open) = ([], false);
            }
            else
            {
                open = current.Add(member) || open;
            }
        }

        return open ? [.. sets, current] : sets;
    }

    private TreeForest Build()
    {
        double[] splits = Doubles(Splits!), weights = Doubles(LeafWeights!);
        Queue<HashSet<double>> sets = new(Members is null ? [] : MemberSets());
        TreeBranch[] branches = new TreeBranch[splits.Length];
        for (int i = 0; i < branches.Length; i++)
        {
            BranchMode mode = (BranchMode)Modes!.Data.Span[i];
            bool missing = MissingTracksTrue is { Count: > 0 } tracks && tracks[i] != 0;
            branches[i] = new(mode, (int)Features[i], splits[i], missing, Child(TrueIds[i], TrueLeaves[i]), Child(FalseIds[i], FalseLeaves[i]), mode == BranchMode.Member ? sets.Dequeue() : null);
        }

        LeafVote[][] leaves = [.. weights.Select((weight, i) => new LeafVote[] { new((int)LeafTargets[i], weight) })];
        return new(branches, leaves, [.. Roots.Select(r => (int)r)], (int)TargetCount);

        static int Child(long id, long isLeaf) => isLeaf != 0 ? ~(int)id : (int)id;
    }

    private static double[] Doubles(Tensor tensor)
    {
        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values;
    }
}
