using System.Collections.Concurrent;
using Peregrine.CodeGen.X64;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>What generated kernels may use on a device.</summary>
internal sealed class GeneratorTarget(InstructionSet set, CpuFeatures features)
{
    // Null where code is decoded and checked when it is made: the tuner makes thousands, of which few are kept.
    private ConcurrentDictionary<object, Lazy<CompiledCode>>? _known;
    private GeneratorTarget? _unchecked;

    public InstructionSet Set => set;

    public CpuFeatures Features => features;

    /// <summary>Floats in a vector.</summary>
    public int Lanes => Set.Lanes;

    /// <summary>The target for code that was made and checked before. Equal code is made once; it is kept as long as the target.</summary>
    public GeneratorTarget Unchecked => _unchecked ?? Interlocked.CompareExchange(ref _unchecked, new(set, features) { _known = new() }, null) ?? _unchecked;

    /// <summary>The widest target of a device; null if it runs no generated code.</summary>
    public static GeneratorTarget? Of(DeviceProfile device)
    {
        CpuFeatures features = CpuDevice.FeaturesOf(device);
        return InstructionSet.Best(features) is { } set ? new(set, features) : null;
    }

    /// <summary>
    /// Compiles without spills, or, where an epilogue needs more registers than the tile leaves, with spills: the inner loops have the tile's registers either way.
    /// </summary>
    /// <param name="key">All that the program depends on besides the target, equal by value.</param>
    public CompiledCode Compile(object key, Func<KernelProgram> build) => _known?.GetOrAdd(key, _ => new(() => Make(build()))).Value ?? Make(build());

    private CompiledCode Make(KernelProgram program)
    {
        CompileOptions options = new() { InstructionSet = Set, Features = Features, Lint = _known is null };
        return KernelCompiler.Compile(program, options) is CompileResult.Compiled compiled
            ? compiled.Code
            : KernelCompiler.Compile(program, options with { Spills = SpillPolicy.Allow }).GetCode();
    }
}
