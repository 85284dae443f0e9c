using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Legacy.OperatorForm;

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>Nodes of ai.onnx.ml as converters of classical models write them.</summary>
internal static class MlForms
{
    private static readonly Tensor X = Float([4, 3], 0.1f, 2, -1, 1.5f, 0, 3, -2, 0.5f, 0.25f, 4, -3, 1);

    public static IEnumerable<OperatorForm> All => [.. Features(), .. Labels(), .. Linear(), .. Vectors(), .. Trees(), .. Ensembles()];

    private static OperatorForm Op(string name, long opset = 1) => new(name, opset, "ai.onnx.ml");

    private static Tensor Texts(params string[] texts) => new([texts.Length], texts);

    private static IEnumerable<OperatorForm> Features()
    {
        yield return Op("ArrayFeatureExtractor").Input(X).Constant(Tensor.Of<long>([1, 2], [2, 0]));
        yield return Op("ArrayFeatureExtractor").Variant("vector").Input(Tensor.Vector(5L, 6, 7)).Constant(Tensor.Vector(1L, 2)).Outputs(DataType.Int64);
        yield return Op("Binarizer").With("threshold", 0.5f).Input(X);
        yield return Op("Binarizer").Variant("integers").With("threshold", -0.5f).Input(Tensor.Vector(-1L, 0, 1, long.MaxValue)).Outputs(DataType.Int64).Gives(Tensor.Vector(0L, 1, 1, 1));
        foreach (string norm in new[] { "MAX", "L1", "L2" })
        {
            yield return Op("Normalizer").Variant(norm).With("norm", norm).Input(X);
            yield return Op("Normalizer").Variant($"{norm} of integers with a row of zeros").With("norm", norm).Input(Tensor.Of<long>([2, 2], [3, 4, 0, 0]));
        }

        yield return Op("Scaler").With("offset", new[] { 1f, 2, 3 }).With("scale", new[] { 0.5f, 2, -1 }).Input(X);
        yield return Op("Scaler").Variant("one").With("offset", new[] { 1f }).With("scale", new[] { 0.5f }).Input(Tensor.Of<long>([2, 2], [3, 4, 0, 0]));
        yield return Op("Imputer").With("imputed_value_floats", new[] { 9f, 8, 7 }).With("replaced_value_float", float.NaN).Input(Float([2, 3], float.NaN, 1, 2, 3, float.NaN, 4));
        yield return Op("Imputer").Variant("one").With("imputed_value_floats", new[] { 9f }).With("replaced_value_float", 1f).Input(Float([2, 3], float.NaN, 1, 2, 3, float.NaN, 4));
        yield return Op("Imputer").Variant("integers").With("imputed_value_int64s", new[] { 9, 8 }).With("replaced_value_int64", -1).Input(Tensor.Of<long>([2, 2], [-1, 2, 3, -1])).Outputs(DataType.Int64);
        yield return Op("OneHotEncoder").With("cats_int64s", new[] { 4, 7, 1 }).Input(Tensor.Of<long>([2, 2], [1, 7, 5, 4]));
        yield return Op("OneHotEncoder").Variant("floats").With("cats_int64s", new[] { 4, 7, 1 }).With("zeros", 1).Input(Float([3], 1.5f, 7, 0));
        yield return Op("OneHotEncoder").Variant("strings").With("cats_strings", new[] { "a", "b" }).Input(Texts("b", "c", "a"));
        yield return Op("FeatureVectorizer").With("inputdimensions", new[] { 3, 2 }).Input(X, Data(4, 2));
    }

    private static IEnumerable<OperatorForm> Labels()
    {
        yield return Op("CategoryMapper").With("cats_int64s", new[] { 3, 5 }).With("cats_strings", new[] { "x", "y" }).With("default_int64", 9).Input(Texts("y", "z", "x")).Outputs(DataType.Int64);
        yield return Op("CategoryMapper").Variant("back").With("cats_int64s", new[] { 3, 5 }).With("cats_strings", new[] { "x", "y" }).With("default_string", "?").Input(Tensor.Vector(5L, 6, 3)).Outputs(DataType.String);
        yield return Op("LabelEncoder").With("classes_strings", new[] { "x", "y" }).With("default_int64", 9).Input(Texts("y", "z", "x")).Outputs(DataType.Int64);
        yield return Op("LabelEncoder").Variant("back").With("classes_strings", new[] { "x", "y" }).Input(Tensor.Vector(1L, 5, 0)).Outputs(DataType.String);
        yield return Op("LabelEncoder", 2).With("keys_strings", new[] { "x", "y" }).With("values_floats", new[] { 1.5f, 2 }).With("default_float", -3f).Input(Texts("y", "z", "x"));
        yield return Op("LabelEncoder", 4).Variant("floats").With("keys_floats", new[] { 1.5f, float.NaN }).With("values_int64s", new[] { 4, 5 }).Input(Float([3], float.NaN, 1.5f, 2)).Outputs(DataType.Int64).Gives(Tensor.Vector(5L, 4, -1));
        yield return Op("LabelEncoder", 3).With("keys_int64s", new[] { 1, 2 }).With("values_strings", new[] { "one", "two" }).Input(Tensor.Of<long>([1, 3], [2, 3, 1])).Outputs(DataType.String);
        yield return Op("LabelEncoder", 4).With("keys_tensor", Tensor.Vector(1.0, 2.0)).With("values_tensor", Tensor.Vector(7.0, 8.0)).With("default_tensor", Tensor.Vector(0.5)).Input(Tensor.Vector(2.0, 3.0)).Outputs(DataType.Float64);
    }

    private static IEnumerable<OperatorForm> Linear()
    {
        foreach (string transform in new[] { "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO" })
        {
            yield return Op("LinearRegressor").Variant(transform).With("coefficients", new[] { 0.5f, -1, 2, 1, 1, -0.5f }).With("intercepts", new[] { 0.25f, -1 }).With("targets", 2).With("post_transform", transform).Input(X);
            yield return Op("LinearClassifier").Variant(transform).With("coefficients", new[] { 0.5f, -1, 2, 1, 1, -0.5f, 0, 0.3f, 0.1f }).With("intercepts", new[] { 0.25f, -1, 0 }).With("classlabels_ints", new[] { 10, 20, 30 }).With("post_transform", transform)
                .Input(X).Outputs(DataType.Int64, DataType.Float32);
        }

        yield return Op("LinearRegressor").Variant("without intercept").With("coefficients", new[] { 0.5f, -1, 2 }).Input(X);
        yield return Op("LinearClassifier").Variant("two rows").With("coefficients", new[] { 0.5f, -1, 2, -0.5f, 1, -2 }).With("intercepts", new[] { 0.25f, -0.25f }).With("classlabels_strings", new[] { "no", "yes" }).With("multi_class", 1).With("post_transform", "LOGISTIC")
            .Input(X).Outputs(DataType.String, DataType.Float32);
        yield return Op("LinearClassifier").Variant("one row").With("coefficients", new[] { 0.05f, -0.1f, 0.2f }).With("intercepts", new[] { 0.25f }).With("classlabels_ints", new[] { 3, 4 }).Input(X).Outputs(DataType.Int64, DataType.Float32);
        yield return Op("LinearClassifier").Variant("one row, logistic").With("coefficients", new[] { 0.05f, -0.1f, 0.2f }).With("intercepts", new[] { 0.25f }).With("classlabels_ints", new[] { 3, 4 }).With("post_transform", "LOGISTIC").Input(X).Outputs(DataType.Int64, DataType.Float32);
    }

    private static IEnumerable<OperatorForm> Vectors()
    {
        foreach (string kernel in new[] { "LINEAR", "POLY", "RBF", "SIGMOID" })
        {
            yield return Op("SVMRegressor").Variant(kernel).With("kernel_type", kernel).With("kernel_params", new[] { 0.4f, 0.5f, 3 }).With("n_supports", 2).With("support_vectors", new[] { 1f, 2, -1, 0.5f, 0, 1 })
                .With("coefficients", new[] { 0.75f, -1.5f }).With("rho", new[] { 0.125f }).Input(X);
        }

        yield return Op("SVMRegressor").Variant("weights").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("coefficients", new[] { 0.75f, -1.5f, 1 }).With("rho", new[] { 0.125f }).Input(X);
        yield return Op("SVMRegressor").Variant("one class").With("kernel_type", "RBF").With("kernel_params", new[] { 0.4f, 0, 0 }).With("n_supports", 2).With("support_vectors", new[] { 1f, 2, -1, 0.5f, 0, 1 })
            .With("coefficients", new[] { 1f, 1 }).With("rho", new[] { -0.5f }).With("one_class", 1).Input(X);

        float[] vectors = [1, 2, -1, 0.5f, 0, 1, -2, 1, 0.25f, 0, 0.5f, -1, 1.5f, -1, 2];
        foreach (string kernel in new[] { "LINEAR", "POLY", "RBF", "SIGMOID" })
        {
            yield return Op("SVMClassifier").Variant($"two classes, {kernel}").With("kernel_type", kernel).With("kernel_params", new[] { 0.4f, 0.5f, 2 }).With("classlabels_ints", new[] { 7, 9 }).With("vectors_per_class", new[] { 2, 3 })
                .With("support_vectors", vectors).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.Int64, DataType.Float32);
        }

        foreach (string transform in new[] { "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO" })
        {
            yield return Machine().Variant($"three classes, {transform}").With("post_transform", transform);
            yield return Machine().Variant($"three classes with probabilities, {transform}").With("post_transform", transform).With("prob_a", new[] { -1.5f, -2, -0.5f }).With("prob_b", new[] { 0.1f, -0.2f, 0.3f });
            yield return Op("SVMClassifier").Variant($"two classes, {transform}").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("post_transform", transform).With("classlabels_strings", new[] { "no", "yes" }).With("vectors_per_class", new[] { 2, 3 })
                .With("support_vectors", vectors).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.String, DataType.Float32);
        }

        yield return Machine();
        yield return Machine().Variant("three classes with probabilities").With("prob_a", new[] { -1.5f, -2, -0.5f }).With("prob_b", new[] { 0.1f, -0.2f, 0.3f });
        yield return Op("SVMClassifier").Variant("two classes with probabilities").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("prob_a", new[] { -1.5f }).With("prob_b", new[] { 0.1f }).With("classlabels_ints", new[] { 0, 1 }).With("vectors_per_class", new[] { 2, 3 })
            .With("support_vectors", vectors).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.Int64, DataType.Float32);
        yield return Op("SVMClassifier").Variant("weights").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("classlabels_ints", new[] { 3, 5, 8 }).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f, 0.5f, 0, 1, -1 }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.Int64, DataType.Float32);
        yield return Op("SVMClassifier").Variant("weights of two classes").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("classlabels_ints", new[] { 3, 5 }).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f, 0.5f }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.Int64, DataType.Float32);
        yield return Op("SVMClassifier").Variant("positive weights of two classes").With("kernel_type", "LINEAR").With("kernel_params", new[] { 0f, 0, 0 }).With("classlabels_ints", new[] { 3, 5 }).With("coefficients", new[] { 0.5f, 1, 0.25f, 1, 0.75f, 0.5f }).With("rho", new[] { 0.1f }).Input(X).Outputs(DataType.Int64, DataType.Float32);

        OperatorForm Machine() => Op("SVMClassifier").Variant("three classes").With("kernel_type", "RBF").With("kernel_params", new[] { 0.4f, 0, 0 }).With("classlabels_strings", new[] { "a", "b", "c" }).With("vectors_per_class", new[] { 2, 1, 2 })
            .With("support_vectors", vectors).With("coefficients", new[] { 0.5f, -1, 0.25f, 1, -0.75f, 0.3f, 0.6f, -0.9f, 0.2f, 1.1f }).With("rho", new[] { 0.1f, -0.2f, 0.05f }).Input(X).Outputs(DataType.String, DataType.Float32);
    }

    private static OperatorForm Nodes(OperatorForm form) => form
        .With("nodes_treeids", new[] { 0, 0, 0, 0, 0, 1, 1, 1 }).With("nodes_nodeids", new[] { 0, 1, 2, 3, 4, 0, 1, 2 })
        .With("nodes_modes", new[] { "BRANCH_LEQ", "LEAF", "BRANCH_GT", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF" })
        .With("nodes_featureids", new[] { 0, 0, 1, 0, 0, 2, 0, 0 }).With("nodes_values", new[] { 0.1f, 0, -1, 0, 0, 1, 0, 0 })
        .With("nodes_truenodeids", new[] { 1, 0, 3, 0, 0, 1, 0, 0 }).With("nodes_falsenodeids", new[] { 2, 0, 4, 0, 0, 2, 0, 0 })
        .With("nodes_missing_value_tracks_true", new[] { 1, 0, 0, 0, 0, 0, 0, 0 });

    private static IEnumerable<OperatorForm> Trees()
    {
        Tensor missing = Float([2, 3], float.NaN, 0, 0, 1, float.NaN, float.NaN);
        foreach (string aggregate in new[] { "SUM", "AVERAGE", "MIN", "MAX" })
        {
            yield return Nodes(Op("TreeEnsembleRegressor").Variant(aggregate)).With("n_targets", 2).With("aggregate_function", aggregate).With("base_values", new[] { 0.5f, -2 })
                .With("target_treeids", new[] { 0, 0, 0, 1, 1, 1, 1 }).With("target_nodeids", new[] { 1, 3, 4, 1, 1, 2, 2 }).With("target_ids", new[] { 0, 1, 0, 0, 1, 0, 1 }).With("target_weights", new[] { 1f, 2, 3, -4, -1, 5, 6 }).Input(X);
        }

        yield return Nodes(Op("TreeEnsembleRegressor", 3).Variant("missing")).With("n_targets", 1).With("target_treeids", new[] { 0, 0, 0, 1, 1 }).With("target_nodeids", new[] { 1, 3, 4, 1, 2 }).With("target_ids", new[] { 0, 0, 0, 0, 0 }).With("target_weights", new[] { 1f, 2, 3, -4, 5 }).Input(missing);
        foreach (string transform in new[] { "NONE", "SOFTMAX", "LOGISTIC" })
        {
            yield return Nodes(Op("TreeEnsembleClassifier").Variant($"three classes, {transform}")).With("classlabels_strings", new[] { "a", "b", "c" }).With("base_values", new[] { 0.1f, 0, -0.1f }).With("post_transform", transform)
                .With("class_treeids", new[] { 0, 0, 0, 1, 1, 1 }).With("class_nodeids", new[] { 1, 3, 4, 1, 2, 2 }).With("class_ids", new[] { 0, 1, 2, 0, 1, 2 }).With("class_weights", new[] { 1f, 2, 3, 4, 1.5f, 2.5f })
                .Input(X).Outputs(DataType.String, DataType.Float32);
        }

        foreach ((string kind, string transform, float[] weights) in new[] { ("margin", "NONE", new[] { -1f, 0.5f, 2, 0.75f, -0.25f }), ("margin, logistic", "LOGISTIC", [-1, 0.5f, 2, 0.75f, -0.25f]), ("probability", "NONE", [0.1f, 0.3f, 0.5f, 0.2f, 0.4f]), ("probability, logistic", "LOGISTIC", [0.1f, 0.3f, 0.5f, 0.2f, 0.4f]) })
        {
            yield return Nodes(Op("TreeEnsembleClassifier").Variant($"binary {kind}")).With("classlabels_int64s", new[] { 0, 1 }).With("post_transform", transform)
                .With("class_treeids", new[] { 0, 0, 0, 1, 1 }).With("class_nodeids", new[] { 1, 3, 4, 1, 2 }).With("class_ids", new[] { 0, 0, 0, 0, 0 }).With("class_weights", weights)
                .Input(X).Outputs(DataType.Int64, DataType.Float32);
            yield return Nodes(Op("TreeEnsembleClassifier").Variant($"binary {kind}, base")).With("classlabels_int64s", new[] { 0, 1 }).With("post_transform", transform).With("base_values", new[] { 0.05f })
                .With("class_treeids", new[] { 0, 0, 0, 1, 1 }).With("class_nodeids", new[] { 1, 3, 4, 1, 2 }).With("class_ids", new[] { 0, 0, 0, 0, 0 }).With("class_weights", weights)
                .Input(X).Outputs(DataType.Int64, DataType.Float32);
        }
    }

    private static IEnumerable<OperatorForm> Ensembles()
    {
        foreach (int transform in new[] { 0, 3 })
        {
            for (int aggregation = 0; aggregation < 4; aggregation++)
            {
                yield return Questions(Op("TreeEnsemble", 5).Variant($"transform {transform}, aggregation {aggregation}").With("aggregate_function", aggregation).With("post_transform", transform)).Input(X);
            }
        }

        const string Swapped = "ONNX Runtime takes 1 for LOGISTIC and 2 for SOFTMAX; the standard numbers them the other way round.";
        Tensor row = Float([1, 3], 0.1f, 2, -1);
        yield return Questions(Op("TreeEnsemble", 5).Variant("softmax").With("post_transform", 1)).Input(row).OnnxRuntimeDiffers(Swapped).Gives(Float([1, 2], 0.62245935f, 0.37754068f));
        yield return Questions(Op("TreeEnsemble", 5).Variant("logistic").With("post_transform", 2)).Input(row).OnnxRuntimeDiffers(Swapped).Gives(Float([1, 2], 0.7310586f, 0.62245935f));
        yield return Questions(Op("TreeEnsemble", 5).Variant("probit").With("post_transform", 4)).Input(row).OnnxRuntimeDiffers("It approximates the inverse of erf.").Gives(Float([1, 2], float.PositiveInfinity, 0));

        yield return Op("TreeEnsemble", 5).Variant("a tree of one leaf, doubles").With("n_targets", 1).With("tree_roots", new[] { 0 }).With("nodes_featureids", new[] { 0 }).With("nodes_modes", new Tensor(DataType.UInt8, [1], new byte[] { 0 })).With("nodes_splits", Tensor.Vector(0.0))
            .With("nodes_truenodeids", new[] { 0 }).With("nodes_trueleafs", new[] { 1 }).With("nodes_falsenodeids", new[] { 0 }).With("nodes_falseleafs", new[] { 1 })
            .With("leaf_targetids", new[] { 0 }).With("leaf_weights", Tensor.Vector(1.0 / 3)).Input(Tensor.Of<double>([2, 1], [1, 2])).Outputs(DataType.Float64);
        foreach (string mode in new[] { "TF", "IDF", "TFIDF" })
        {
            yield return new OperatorForm("TfIdfVectorizer", 9).Variant(mode).With("mode", mode).With("min_gram_length", 1).With("max_gram_length", 2).With("max_skip_count", 1).With("ngram_counts", new[] { 0, 2 }).With("ngram_indexes", new[] { 3, 1, 0, 2 })
                .With("pool_strings", new[] { "a", "b", "a", "b", "c", "c" }).With("weights", new[] { 2f, 3, 4, 5 }).Input(new Tensor([2, 4], ["a", "b", "a", "d", "c", "c", "b", "c"]));
        }

        yield return new OperatorForm("Det", 11).Input(Float([2, 2, 2], 1, 2, 3, 4, 0, 2, 3, 4)).Gives(Float([2], -2, -6));
    }

    private static OperatorForm Questions(OperatorForm form) => form.With("n_targets", 2)
        .With("tree_roots", new[] { 0, 2 }).With("nodes_featureids", new[] { 0, 1, 2 }).With("nodes_modes", new Tensor(DataType.UInt8, [3], new byte[] { 0, 3, 1 })).With("nodes_splits", Tensor.Vector(0.1f, -1f, 1f))
        .With("nodes_truenodeids", new[] { 0, 1, 3 }).With("nodes_trueleafs", new[] { 1, 1, 1 }).With("nodes_falsenodeids", new[] { 1, 2, 4 }).With("nodes_falseleafs", new[] { 0, 1, 1 })
        .With("leaf_targetids", new[] { 0, 1, 0, 1, 0 }).With("leaf_weights", Tensor.Vector(1f, 2f, -3f, 0.5f, 0.25f));
}
