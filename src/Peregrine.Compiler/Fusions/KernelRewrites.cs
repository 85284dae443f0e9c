using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Fusions into operators that exist because kernels compute them better than their parts. ONNX has no name for the results.</summary>
public static class KernelRewrites
{
    /// <summary>The pass's name.</summary>
    public const string Name = "FuseForKernels";

    public static IReadOnlyList<Rewrite> All { get; } = [new FuseScaledConv()];

    /// <summary>The pass that applies them to a fixpoint.</summary>
    public static IGraphPass Pass() => new RewritePass(Name, All);
}
