using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// What finds the operators that an exporter spelled out in simpler ones. It is a pass of its own before <see cref="FusionRewrites"/>, which would take parts of the spelling into
/// the weights before it. Results may differ by rounding from the model as it was written, never by more.
/// </summary>
public static class RecognitionRewrites
{
    public static IReadOnlyList<Rewrite> All { get; } =
    [
        // One spelling of roots, squares and quotients, so that the patterns below stay short.
        new SquareOfPow(),
        new RootOfPow(),
        new DivideByFactor(),
        new FuseLayerNormalization(),
        new FuseRMSNormalization(),
        new FuseNormalizationScale(),
        new FuseNormalizationBias(),
        new FuseSoftmax(),
        new FuseGelu(),
        new FuseTanhGelu(),
        new FuseHardSwish(),
        new FuseHardSigmoid(),
        new FuseSwish(),
    ];

    /// <summary>The pass that applies them to a fixpoint.</summary>
    public static IGraphPass Pass() => new RewritePass("Recognise", All);
}
