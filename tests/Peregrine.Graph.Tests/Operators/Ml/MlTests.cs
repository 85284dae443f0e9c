using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Ml;

/// <summary>What the comparison with ONNX Runtime (in the importer's tests) does not reach: symbolic shapes, wrong lists, data out of range.</summary>
public sealed class MlTests
{
    private static readonly TreeEnsemble Tree = new(
        [0], [1], new(DataType.UInt8, [1], new byte[] { 0 }), Tensor.Vector(0.5f), TrueIds: [0], TrueLeaves: [1], FalseIds: [1], FalseLeaves: [1], LeafTargets: [0, 2], LeafWeights: Tensor.Vector(1f, 2f));

    [Fact]
    public void Rows_stay_symbolic()
    {
        Assert.Equal("[N,3]", Evaluated.Shape(Tree, Evaluated.Type("N", 2)).ToString());
        Assert.Equal(3, Evaluated.Shape(Tree, new TensorType(DataType.Float32, Shape.Unranked))[1].Constant);
        Assert.Equal("[N,2]", Evaluated.Shape(new LinearRegressor([1, 2, 3, 4], [], Targets: 2), Evaluated.Type("N", 2)).ToString());
        Assert.Equal("[N,M,2]", Evaluated.Shape(new OneHotEncoder(Integers: [4, 5]), Evaluated.Type("N", "M")).ToString());
        Assert.Equal("[N,5]", Evaluated.Shape(new FeatureVectorizer(), Evaluated.Type("N", 2), Evaluated.Type("N", 3)).ToString());
        Assert.Equal("[N,3]", Evaluated.Shape(new ArrayFeatureExtractor(), Evaluated.Type("N", 7), new TensorType(DataType.Int64, Shape.Create([1, 3]))).ToString());
        Assert.False(Evaluated.Shape(new Scaler([1], [1]), new TensorType(DataType.Float32, Shape.Unranked)).IsRanked);
    }

    [Fact]
    public void Trees_with_wrong_lists_are_refused()
    {
        Tensor x = Evaluated.Floats([1, 2], 0, 1);
        Assert.Equal([0f, 0, 2], Evaluated.One(Tree, x).Span<float>().ToArray());
        Evaluated.Fails("PG2601", Tree with { Features = [2] }, x);
        Evaluated.Fails("PG2601", Tree with { TrueIds = [2] }, x);
        Evaluated.Fails("PG2601", Tree with { Roots = [1] }, x);
        Evaluated.Fails("PG2601", Tree with { FalseIds = [0, 1] }, x);
        Evaluated.Fails("PG2601", Tree with { LeafTargets = [0, -1] }, x);
        Evaluated.Fails("PG2601", Tree with { Targets = 2 }, x);
        Evaluated.Fails("PG2601", Tree with { Modes = new(DataType.UInt8, [1], new byte[] { 7 }) }, x);
        Evaluated.Fails("PG2601", Tree with { Modes = new(DataType.UInt8, [1], new byte[] { 6 }) }, x);
        Evaluated.Fails("PG2601", Tree with { Transform = (ScoreTransform)9 }, x);
        Evaluated.Fails("PG2600", Tree, Evaluated.Floats([2], 0, 1));
    }

    [Fact]
    public void A_tree_that_leads_in_a_circle_ends_with_an_error() =>
        Evaluated.Fails("PG2602", Tree with { FalseIds = [0], FalseLeaves = [0] }, Evaluated.Floats([1, 2], 0, 1));

    [Fact]
    public void Members_are_read_set_by_set()
    {
        TreeEnsemble tree = Tree with
        {
            Features = [0, 0], Modes = new(DataType.UInt8, [2], new byte[] { 6, 6 }), Splits = Tensor.Vector(0f, 0f), TrueIds = [0, 0], TrueLeaves = [1, 1], FalseIds = [1, 1], FalseLeaves = [0, 1],
            LeafTargets = [0, 0], LeafWeights = Tensor.Vector(1f, 2f), Members = Tensor.Vector(1f, 2, float.NaN, 3, float.NaN),
        };
        Assert.Equal([2f, 1, 1, 1, 2], Evaluated.One(tree, Evaluated.Floats([5, 1], 0, 1, 2, 3, float.NaN)).Span<float>().ToArray());
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.001, -3.090232306167813)]
    [InlineData(1e-9, -5.997807015007687)]
    [InlineData(0, double.NegativeInfinity)]
    [InlineData(1.5, double.NaN)]
    public void Probit_is_the_quantile_of_the_normal_distribution(double p, double quantile)
    {
        Tensor y = Evaluated.One(new LinearRegressor([1], [], Transform: ScoreTransform.Probit), Tensor.Of<double>([1, 1], [p]));
        Assert.Equal((float)quantile, y.Span<float>()[0], double.IsFinite(quantile) ? 1e-5f : 0);
    }

    [Fact]
    public void Soft_max_of_scores_leaves_zeros_where_it_is_told_to()
    {
        Tensor y = Evaluated.One(new LinearRegressor([0, 1, 2], [], Targets: 3, Transform: ScoreTransform.SoftmaxZero), Evaluated.Floats([1, 1], 1));
        Evaluated.Near([0, 1 / (1 + Math.E), Math.E / (1 + Math.E)], y);
    }

    [Fact]
    public void Data_and_lists_out_of_range_are_named()
    {
        Evaluated.Fails("PG2603", new ArrayFeatureExtractor(), Evaluated.Floats([1, 2], 0, 1), Tensor.Vector(2L));
        Evaluated.Fails("PG2605", new OneHotEncoder(Integers: [4, 5], AllowsUnknown: false), Tensor.Vector(6L));
        Evaluated.Fails("PG2604", new OneHotEncoder(), Tensor.Vector(6L));
        Evaluated.Fails("PG2604", new LabelEncoder(Tensor.Vector(1L), Tensor.Vector(1L, 2)), Tensor.Vector(1L));
        Evaluated.Fails("PG2103", new LabelEncoder(Tensor.Vector(1L), Tensor.Vector(1L)), Tensor.Vector(1f));
        Evaluated.Fails("PG2608", new LinearRegressor([1, 2, 3], []), Evaluated.Floats([1, 2], 0, 1));
        Evaluated.Fails("PG2609", new Scaler([1, 2, 3], [1]), Evaluated.Floats([1, 2], 0, 1));
        Evaluated.Fails("PG2606", new FeatureVectorizer([3]), Evaluated.Floats([1, 2], 0, 1));
        Evaluated.Fails("PG2607", new LinearClassifier([1], [0], [], []), Evaluated.Floats([1, 1], 0));
    }

    [Fact]
    public void The_last_of_equal_keys_counts_and_zero_has_no_sign()
    {
        LabelEncoder encoder = new(Tensor.Vector(0f, 1, 1), Tensor.Vector<short>(5, 6, 7), Tensor.Vector<short>(-9));
        Assert.Equal([5, 7, -9], Evaluated.One(encoder, Tensor.Vector(-0f, 1, 2)).Span<short>().ToArray());
    }

    [Fact]
    public void Unknown_modes_and_broken_trees_of_the_old_form_are_refused()
    {
        AttributeBag bag = new();
        bag["nodes_treeids"] = Ints.Create([0, 0, 0]);
        bag["nodes_nodeids"] = Ints.Create([0, 1, 2]);
        bag["nodes_modes"] = Texts.Create(["BRANCH_LEQ", "LEAF", "LEAF"]);
        bag["nodes_featureids"] = Ints.Create([0, 0, 0]);
        bag["nodes_values"] = Floats.Create([0.5f, 0, 0]);
        bag["nodes_truenodeids"] = Ints.Create([1, 0, 0]);
        bag["nodes_falsenodeids"] = Ints.Create([2, 0, 0]);
        Tensor x = Evaluated.Floats([2, 1], 0, 1);
        Assert.Equal([0f, 0], Evaluated.One(Regressor(), x).Span<float>().ToArray());
        bag["nodes_falsenodeids"] = Ints.Create([7, 0, 0]);
        Evaluated.Fails("PG2601", Regressor(), x);
        bag["nodes_falsenodeids"] = Ints.Create([0, 0, 0]);
        Evaluated.Fails("PG2601", Regressor(), x);
        bag["nodes_modes"] = Texts.Create(["BRANCH_NEAR", "LEAF", "LEAF"]);
        Evaluated.Fails("PG2601", Regressor(), x);

        Operator Regressor() => TreeEnsembleRegressor.Schema.TryCreate(bag, new DiagnosticBag(), "node")!;
    }
}
