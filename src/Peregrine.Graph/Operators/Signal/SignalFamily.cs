namespace Peregrine.Operators;

/// <summary>Signal processing and random numbers, in alphabetical order.</summary>
internal static class SignalFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("Bernoulli", static () => Bernoulli.Schema),
        new("BlackmanWindow", static () => BlackmanWindow.Schema),
        new("DFT", static () => DFT.Schema),
        new("HammingWindow", static () => HammingWindow.Schema),
        new("HannWindow", static () => HannWindow.Schema),
        new("MelWeightMatrix", static () => MelWeightMatrix.Schema),
        new("Multinomial", static () => Multinomial.Schema),
        new("RandomNormal", static () => RandomNormal.Schema),
        new("RandomNormalLike", static () => RandomNormalLike.Schema),
        new("RandomUniform", static () => RandomUniform.Schema),
        new("RandomUniformLike", static () => RandomUniformLike.Schema),
        new("STFT", static () => STFT.Schema),
    ];
}
