namespace Peregrine.Operators;

/// <summary>Operators of the domain ai.onnx.ml, in alphabetical order.</summary>
internal static class MlFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        ArrayFeatureExtractor.Schema,
        Binarizer.Schema,
        CastMap.Schema,
        CategoryMapper.Schema,
        DictVectorizer.Schema,
        FeatureVectorizer.Schema,
        Imputer.Schema,
        LabelEncoder.Schema,
        LinearClassifier.Schema,
        LinearRegressor.Schema,
        Normalizer.Schema,
        OneHotEncoder.Schema,
        Scaler.Schema,
        SVMClassifier.Schema,
        SVMRegressor.Schema,
        TreeEnsemble.Schema,
        TreeEnsembleClassifier.Schema,
        TreeEnsembleRegressor.Schema,
        ZipMap.Schema,
    ];
}
