using Peregrine.Compiler.Canonical;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// What folds neighbouring nodes into one: statistics, scales and biases into weights, padding into windows, constants into constants. What absorbs a node stands before what
/// spells it out. Results may differ by rounding from the model as it was written, never by more.
/// </summary>
public static class FusionRewrites
{
    public static IReadOnlyList<Rewrite> All { get; } =
    [
        new FuseTransposeGemm(),
        new FuseTransposeMatMul(),
        new FuseConvBatchNormalization(),
        new FuseConvTransposeBatchNormalization(),
        new FuseGemmBatchNormalization(),
        new FuseMatMulBatchNormalization(),
        new ExpandBatchNormalization(),
        new FuseConvBias(),
        new FuseConvTransposeBias(),
        new FuseConvScale(),
        new FuseMatMulBias(),
        new FuseGemmBias(),
        new FusePadConv(),
        new FusePadMaxPool(),
        new FusePadAveragePool(),
        new MergeClips(),
        new MergeReluIntoClip(),
        new MergeConstantAddends(),
        new MergeConstantFactors(),
        new MergeConstantDivisors(),
        // Transposes, which move towards the outputs until they meet; then nothing or one is left of them.
        new RemoveIdentityTranspose(),
        new MergeTransposes(),
        new PushTransposeThroughPointwise(),
        new PushTransposeThroughReduction(),
        new PushTransposesThroughConcat(),
        new PushTransposeThroughSlice(),
        new CancelTransposesAroundPad(),
        new CancelTransposesAroundSoftmax(),
        new CancelTransposesAroundSplit(),
    ];

    /// <summary>The pass that applies them to a fixpoint.</summary>
    public static IGraphPass Pass() => new RewritePass("Fuse", All);
}
