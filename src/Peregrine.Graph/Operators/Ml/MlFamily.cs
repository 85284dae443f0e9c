namespace Peregrine.Operators;

/// <summary>Operators of the domain ai.onnx.ml, in alphabetical order.</summary>
internal static class MlFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("ArrayFeatureExtractor", static () => ArrayFeatureExtractor.Schema, "ai.onnx.ml"),
        new("Binarizer", static () => Binarizer.Schema, "ai.onnx.ml"),
        new("CastMap", static () => CastMap.Schema, "ai.onnx.ml"),
        new("CategoryMapper", static () => CategoryMapper.Schema, "ai.onnx.ml"),
        new("DictVectorizer", static () => DictVectorizer.Schema, "ai.onnx.ml"),
        new("FeatureVectorizer", static () => FeatureVectorizer.Schema, "ai.onnx.ml"),
        new("Imputer", static () => Imputer.Schema, "ai.onnx.ml"),
        new("LabelEncoder", static () => LabelEncoder.Schema, "ai.onnx.ml"),
        new("LinearClassifier", static () => LinearClassifier.Schema, "ai.onnx.ml"),
        new("LinearRegressor", static () => LinearRegressor.Schema, "ai.onnx.ml"),
        new("Normalizer", static () => Normalizer.Schema, "ai.onnx.ml"),
        new("OneHotEncoder", static () => OneHotEncoder.Schema, "ai.onnx.ml"),
        new("Scaler", static () => Scaler.Schema, "ai.onnx.ml"),
        new("SVMClassifier", static () => SVMClassifier.Schema, "ai.onnx.ml"),
        new("SVMRegressor", static () => SVMRegressor.Schema, "ai.onnx.ml"),
        new("TreeEnsemble", static () => TreeEnsemble.Schema, "ai.onnx.ml"),
        new("TreeEnsembleClassifier", static () => TreeEnsembleClassifier.Schema, "ai.onnx.ml"),
        new("TreeEnsembleRegressor", static () => TreeEnsembleRegressor.Schema, "ai.onnx.ml"),
        new("ZipMap", static () => ZipMap.Schema, "ai.onnx.ml"),
    ];
}
