using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The lists that TreeEnsembleClassifier and TreeEnsembleRegressor share: nodes with their tree, number, question and children, and votes at leaves. A list of floats may be given as a tensor
/// of doubles instead.
/// </summary>
public abstract record LegacyTrees : Operator
{
    private static readonly Dictionary<string, BranchMode> Modes = new(StringComparer.Ordinal)
    {
        ["BRANCH_LEQ"] = BranchMode.AtMost,
        ["BRANCH_LT"] = BranchMode.Below,
        ["BRANCH_GTE"] = BranchMode.AtLeast,
        ["BRANCH_GT"] = BranchMode.Above,
        ["BRANCH_EQ"] = BranchMode.Equal,
        ["BRANCH_NEQ"] = BranchMode.Unequal,
    };

    private const string Leaf = "LEAF";

    private protected LegacyTrees(AttributeReader a, string votes)
    {
        TreeIds = a.Ints("nodes_treeids");
        NodeIds = a.Ints("nodes_nodeids");
        NodeModes = a.Texts("nodes_modes");
        Features = a.Ints("nodes_featureids");
        Splits = a.Floats("nodes_values");
        PreciseSplits = a.OptionalTensor("nodes_values_as_tensor");
        TrueIds = a.Ints("nodes_truenodeids");
        FalseIds = a.Ints("nodes_falsenodeids");
        MissingTracksTrue = a.Ints("nodes_missing_value_tracks_true");
        HitRates = a.Floats("nodes_hitrates");
        PreciseHitRates = a.OptionalTensor("nodes_hitrates_as_tensor");
        VoteTrees = a.Ints($"{votes}_treeids");
        VoteNodes = a.Ints($"{votes}_nodeids");
        VoteTargets = a.Ints($"{votes}_ids");
        VoteWeights = a.Floats($"{votes}_weights");
        PreciseWeights = a.OptionalTensor($"{votes}_weights_as_tensor");
        Bases = a.Floats("base_values");
        PreciseBases = a.OptionalTensor("base_values_as_tensor");
        Transform = a.Choice<ScoreTransform>("post_transform");
    }

    public Ints TreeIds { get; init; }

    public Ints NodeIds { get; init; }

    public Texts NodeModes { get; init; }

    public Ints Features { get; init; }

    public Floats Splits { get; init; }

    public Tensor? PreciseSplits { get; init; }

    public Ints TrueIds { get; init; }

    public Ints FalseIds { get; init; }

    public Ints MissingTracksTrue { get; init; }

    /// <summary>How often each node is visited; without meaning for the result.</summary>
    public Floats HitRates { get; init; }

    /// <inheritdoc cref="HitRates"/>
    public Tensor? PreciseHitRates { get; init; }

    public Ints VoteTrees { get; init; }

    public Ints VoteNodes { get; init; }

    public Ints VoteTargets { get; init; }

    public Floats VoteWeights { get; init; }

    public Tensor? PreciseWeights { get; init; }

    public Floats Bases { get; init; }

    public Tensor? PreciseBases { get; init; }

    public ScoreTransform Transform { get; init; }

    public override Accuracy Accuracy => Transform == ScoreTransform.None ? Accuracy.Rounding : Accuracy.Approximate;

    private protected double[] BaseValues => Numbers(Bases, PreciseBases);

    private protected double[] Weights => Numbers(VoteWeights, PreciseWeights);

    private protected static Schema<T> Declare<T>(Schema<T> schema, string votes) where T : LegacyTrees => schema
        .Ints("nodes_treeids", o => o.TreeIds, Ints.Empty).Ints("nodes_nodeids", o => o.NodeIds, Ints.Empty).Texts("nodes_modes", o => o.NodeModes, Texts.Empty)
        .Ints("nodes_featureids", o => o.Features, Ints.Empty).Floats("nodes_values", o => o.Splits, Floats.Empty).OptionalTensor("nodes_values_as_tensor", o => o.PreciseSplits)
        .Ints("nodes_truenodeids", o => o.TrueIds, Ints.Empty).Ints("nodes_falsenodeids", o => o.FalseIds, Ints.Empty).Ints("nodes_missing_value_tracks_true", o => o.MissingTracksTrue, Ints.Empty)
        .Floats("nodes_hitrates", o => o.HitRates, Floats.Empty).OptionalTensor("nodes_hitrates_as_tensor", o => o.PreciseHitRates)
        .Ints($"{votes}_treeids", o => o.VoteTrees, Ints.Empty).Ints($"{votes}_nodeids", o => o.VoteNodes, Ints.Empty).Ints($"{votes}_ids", o => o.VoteTargets, Ints.Empty)
        .Floats($"{votes}_weights", o => o.VoteWeights, Floats.Empty).OptionalTensor($"{votes}_weights_as_tensor", o => o.PreciseWeights)
        .Floats("base_values", o => o.Bases, Floats.Empty).OptionalTensor("base_values_as_tensor", o => o.PreciseBases)
        .Choice("post_transform", o => o.Transform, ScoreTransform.None, ScoreTransforms.Choices);

    /// <summary>Checks all that does not need the trees to be built.</summary>
    private protected bool CheckLists(InferenceScope c, long targets)
    {
        int nodes = NodeIds.Count, votes = VoteTargets.Count;
        if (PreciseSplits is { Type: not (DataType.Float64 or DataType.Float32) } || PreciseWeights is { Type: not (DataType.Float64 or DataType.Float32) } || PreciseBases is { Type: not (DataType.Float64 or DataType.Float32) })
        {
            return Wrong("the attributes …_as_tensor must be tensors of doubles.");
        }

        if (TreeIds.Count != nodes || NodeModes.Count != nodes || Features.Count != nodes || TrueIds.Count != nodes || FalseIds.Count != nodes || (PreciseSplits?.Length ?? Splits.Count) != nodes || (MissingTracksTrue.Count != 0 && MissingTracksTrue.Count != nodes))
        {
            return Wrong($"its lists of {nodes} nodes differ in length.");
        }

        if (VoteTrees.Count != votes || VoteNodes.Count != votes || (PreciseWeights?.Length ?? VoteWeights.Count) != votes)
        {
            return Wrong($"its lists of {votes} votes differ in length.");
        }

        if (targets is < 1 or > int.MaxValue || VoteTargets.Any(t => t < 0 || t >= targets))
        {
            return Wrong($"a leaf votes for a target outside of the {targets} that it has.");
        }

        if (NodeModes.FirstOrDefault(m => m != Leaf && !Modes.ContainsKey(m)) is { } unknown)
        {
            return Wrong($"the mode \"{unknown}\" is not known.");
        }

        int bases = BaseValues.Length;
        if (bases != 0 && bases != targets && bases != 1)
        {
            return Wrong($"it has {bases} base values for {targets} targets.");
        }

        if (!c.RequireNumeric(0) || !c.RequireRows(0, out _, out Dim? features))
        {
            return false;
        }

        for (int i = 0; i < nodes; i++)
        {
            if (NodeModes[i] != Leaf && (Features[i] is < 0 or > int.MaxValue || (features is { IsConstant: true } known && Features[i] >= known.Constant)))
            {
                return Wrong($"node {i} asks for feature {Features[i]}, but X is {c.Shape(0)}.");
            }
        }

        return true;

        bool Wrong(string problem)
        {
            c.Error("PG2601", problem);
            return false;
        }
    }

    private protected TreeForest Build(EvaluationScope c, int targets)
    {
        double[] splits = Numbers(Splits, PreciseSplits), weights = Weights;
        Dictionary<(long Tree, long Node), int> places = [];
        int branchCount = 0, leafCount = 0;
        for (int i = 0; i < NodeIds.Count; i++)
        {
            if (!places.TryAdd((TreeIds[i], NodeIds[i]), NodeModes[i] == Leaf ? ~leafCount++ : branchCount++))
            {
                throw c.Fail("PG2601", $"tree {TreeIds[i]} has two nodes {NodeIds[i]}.");
            }
        }

        TreeBranch[] branches = new TreeBranch[branchCount];
        HashSet<(long Tree, long Node)> children = [];
        for (int i = 0; i < NodeIds.Count; i++)
        {
            if (NodeModes[i] != Leaf)
            {
                bool missing = MissingTracksTrue.Count > 0 && MissingTracksTrue[i] != 0;
                branches[places[(TreeIds[i], NodeIds[i])]] = new(Modes[NodeModes[i]], (int)Features[i], splits[i], missing, Child(TreeIds[i], TrueIds[i]), Child(TreeIds[i], FalseIds[i]), null);
            }
        }

        List<LeafVote>[] votes = [.. Enumerable.Range(0, leafCount).Select(_ => new List<LeafVote>())];
        for (int i = 0; i < weights.Length; i++)
        {
            // A vote at an inner node can never be cast.
            if (places.TryGetValue((VoteTrees[i], VoteNodes[i]), out int place) && place < 0)
            {
                votes[~place].Add(new((int)VoteTargets[i], weights[i]));
            }
        }

        (long Tree, long Node)[] roots = [.. places.Keys.Where(k => !children.Contains(k))];
        int trees = TreeIds.Distinct().Count();
        int[] starts = [.. roots.Select(r => places[r])];
        return roots.Length == trees && roots.DistinctBy(r => r.Tree).Count() == trees && Reached(branches, starts) == places.Count
            ? new(branches, [.. votes.Select(v => v.ToArray())], starts, targets)
            : throw c.Fail("PG2601", "each tree needs exactly one node that is nobody's child, from which all its others are reached.");

        int Child(long tree, long node)
        {
            children.Add((tree, node));
            return places.TryGetValue((tree, node), out int place) ? place : throw c.Fail("PG2601", $"tree {tree} has no node {node}, to which another one leads.");
        }
    }

    /// <summary>How many nodes and leaves are reached from the roots.</summary>
    private static int Reached(TreeBranch[] branches, int[] roots)
    {
        HashSet<int> reached = [.. roots];
        Stack<int> open = new(roots);
        while (open.TryPop(out int place))
        {
            if (place >= 0)
            {
                foreach (int child in (ReadOnlySpan<int>)[branches[place].True, branches[place].False])
                {
                    if (reached.Add(child))
                    {
                        open.Push(child);
                    }
                }
            }
        }

        return reached.Count;
    }

    private static double[] Numbers(Floats floats, Tensor? precise)
    {
        double[] values = new double[precise?.Length ?? floats.Count];
        if (precise is not null)
        {
            ElementConversion.Load<double>(precise, values);
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = floats[i];
        }

        return values;
    }
}
