namespace Peregrine.Operators;

/// <summary>Normalisations and softmax, in alphabetical order.</summary>
internal static class NormalizationFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        BatchNormalization.Schema,
        GroupNormalization.Schema,
        Hardmax.Schema,
        InstanceNormalization.Schema,
        LayerNormalization.Schema,
        LogSoftmax.Schema,
        LpNormalization.Schema,
        LRN.Schema,
        MeanVarianceNormalization.Schema,
        NegativeLogLikelihoodLoss.Schema,
        RMSNormalization.Schema,
        Softmax.Schema,
        SoftmaxCrossEntropyLoss.Schema,
    ];
}
