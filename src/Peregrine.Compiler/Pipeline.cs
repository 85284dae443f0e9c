using Peregrine.Rewriting;

namespace Peregrine.Compiler;

/// <summary>The ordered list of passes: read this first.</summary>
public static class Pipeline
{
    public static IReadOnlyList<IGraphPass> Passes { get; } =
    [
    ];
}
