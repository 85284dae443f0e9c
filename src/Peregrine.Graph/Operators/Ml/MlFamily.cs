namespace Peregrine.Operators;

/// <summary>Operators of the domain ai.onnx.ml, in alphabetical order.</summary>
internal static class MlFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        ArrayFeatureExtractor.Schema,
        Binarizer.Schema,
        LabelEncoder.Schema,
        TreeEnsemble.Schema,
    ];
}
