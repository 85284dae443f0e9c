namespace Peregrine.Operators;

/// <summary>Normalisations and softmax, in alphabetical order.</summary>
internal static class NormalizationFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("BatchNormalization", static () => BatchNormalization.Schema),
        new("GroupNormalization", static () => GroupNormalization.Schema),
        new("Hardmax", static () => Hardmax.Schema),
        new("InstanceNormalization", static () => InstanceNormalization.Schema),
        new("LayerNormalization", static () => LayerNormalization.Schema),
        new("LogSoftmax", static () => LogSoftmax.Schema),
        new("LpNormalization", static () => LpNormalization.Schema),
        new("LRN", static () => LRN.Schema),
        new("MeanVarianceNormalization", static () => MeanVarianceNormalization.Schema),
        new("NegativeLogLikelihoodLoss", static () => NegativeLogLikelihoodLoss.Schema),
        new("RMSNormalization", static () => RMSNormalization.Schema),
        new("Softmax", static () => Softmax.Schema),
        new("SoftmaxCrossEntropyLoss", static () => SoftmaxCrossEntropyLoss.Schema),
    ];
}
