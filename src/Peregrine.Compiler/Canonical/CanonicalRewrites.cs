using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>What brings a graph into the form that fusions expect, in the order in which the rules are tried. None changes a bit of any result.</summary>
public static class CanonicalRewrites
{
    public static IReadOnlyList<Rewrite> All { get; } =
    [
        new RemoveIdentity(),
        new RemoveDropout(),
        new RemoveUnchangingCast(),
        new RemoveUnchangingReshape(),
        new RemoveUnchangingExpand(),
        new RemoveUnchangingSlice(),
        new RemoveEmptyPad(),
        new RemoveSingleConcat(),
        new RemoveIdentityTranspose(),
        new MergeTransposes(),
        new MergeReshapes(),
        new RemoveAddOfZero(),
        new RemoveMulByOne(),
        new RemoveDivByOne(),
        new AddOfNegatedConstant(),
        new MulByReciprocalConstant(),
        new RemoveSingleSum(),
        new RemoveSingleMax(),
        new RemoveSingleMin(),
        new RemoveSingleMean(),
    ];

    /// <summary>The pass that applies them to a fixpoint.</summary>
    public static IGraphPass Pass() => new RewritePass("Canonicalise", All);
}
