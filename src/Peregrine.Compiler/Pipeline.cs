using Peregrine.Compiler.Canonical;
using Peregrine.Compiler.Passes;
using Peregrine.Compiler.Regions;
using Peregrine.Rewriting;

namespace Peregrine.Compiler;

/// <summary>The ordered list of passes between import and plan: read this first.</summary>
public static class Pipeline
{
    public static IReadOnlyList<IGraphPass> Passes { get; } =
    [
        // What the constants decide sharpens the types that all later passes look at.
        new FoldConstants(),
        new RewritePass("Canonicalise", CanonicalRewrites.All),
        // Shape arithmetic has no other consumers left once reshapes are canonical.
        new DissolveShapeArithmetic(),
        new FoldConstants(),
        new RewritePass("Canonicalise", CanonicalRewrites.All),
        new EliminateCommonSubexpressions(),
        new EliminateDeadNodes(),
        new FormRegions(),
    ];
}
