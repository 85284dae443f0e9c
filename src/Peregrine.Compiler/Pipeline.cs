using Peregrine.Compiler.Canonical;
using Peregrine.Compiler.Fusions;
using Peregrine.Compiler.Lowering;
using Peregrine.Compiler.Passes;
using Peregrine.Compiler.Regions;
using Peregrine.Rewriting;

namespace Peregrine.Compiler;

/// <summary>The ordered list of passes between import and plan: read this first.</summary>
public static class Pipeline
{
    /// <summary>What can be switched off by name: the passes, their rewrites, and the passes that ask a device about the result.</summary>
    public static IEnumerable<string> Names => Passes.SelectMany(p => p is RewritePass rewrites ? rewrites.Rules.Select(r => r.Name).Prepend(p.Name) : [p.Name]).Append(nameof(SplitRegions)).Append(nameof(FormChains)).Distinct(StringComparer.Ordinal);

    public static IReadOnlyList<IGraphPass> Passes { get; } =
    [
        // What the constants decide sharpens the types that all later passes look at.
        new FoldConstants { LeavesShared = true },
        new RewritePass("Canonicalise", CanonicalRewrites.All),
        // Shape arithmetic has no other consumers left once reshapes are canonical.
        new DissolveShapeArithmetic(),
        new FoldConstants { LeavesShared = true },
        new RewritePass("Canonicalise", CanonicalRewrites.All),
        // Whole operators before their parts go into the weights around them.
        RecognitionRewrites.Pass(),
        FusionRewrites.Pass(),
        // Fusions reshape by shapes that are not known yet, and leave constants that none of them took.
        new DissolveShapeArithmetic(),
        new FoldConstants(),
        new EliminateCommonSubexpressions(),
        new EliminateDeadNodes(),
        new JoinSiblings(),
        // From here on the graph has operators of Peregrine's own.
        KernelRewrites.Pass(),
        new FormRegions(),
    ];
}
