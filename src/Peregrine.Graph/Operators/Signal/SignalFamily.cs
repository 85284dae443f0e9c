namespace Peregrine.Operators;

/// <summary>Signal processing and random numbers, in alphabetical order.</summary>
internal static class SignalFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Bernoulli.Schema,
        BlackmanWindow.Schema,
        DFT.Schema,
        HammingWindow.Schema,
        HannWindow.Schema,
        MelWeightMatrix.Schema,
        Multinomial.Schema,
        RandomNormal.Schema,
        RandomNormalLike.Schema,
        RandomUniform.Schema,
        RandomUniformLike.Schema,
        STFT.Schema,
    ];
}
