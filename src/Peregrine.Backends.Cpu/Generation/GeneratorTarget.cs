using Peregrine.CodeGen.X64;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>What generated kernels may use on a device.</summary>
internal sealed record GeneratorTarget(InstructionSet Set, CpuFeatures Features)
{
    /// <summary>Floats in a vector.</summary>
    public int Lanes => Set.Lanes;

    /// <summary>Whether code is decoded and checked when it is made.</summary>
    public bool Checks { get; init; } = true;

    /// <summary>The target for code that was made and checked before.</summary>
    public GeneratorTarget Unchecked => this with { Checks = false };

    /// <summary>The widest target of a device; null if it runs no generated code.</summary>
    public static GeneratorTarget? Of(DeviceProfile device)
    {
        CpuFeatures features = CpuDevice.FeaturesOf(device);
        return InstructionSet.Best(features) is { } set ? new(set, features) : null;
    }

    /// <summary>
    /// Compiles without spills, or, where an epilogue needs more registers than the tile leaves, with spills: the inner loops have the tile's registers either way.
    /// </summary>
    public CompiledCode Compile(KernelProgram program)
    {
        CompileOptions options = new() { InstructionSet = Set, Features = Features, Lint = Checks };
        return KernelCompiler.Compile(program, options) is CompileResult.Compiled compiled
            ? compiled.Code
            : KernelCompiler.Compile(program, options with { Spills = SpillPolicy.Allow }).GetCode();
    }
}
