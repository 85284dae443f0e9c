using Peregrine.CodeGen.X64.Emitters;

namespace Peregrine.CodeGen.X64;

/// <summary>A target that the same program compiles for.</summary>
public sealed class InstructionSet
{
    private InstructionSet(string name, int lanes, CpuFeatures required, Emitter emitter) => (Name, Lanes, RequiredFeatures, Emitter) = (name, lanes, required, emitter);

    /// <summary>512-bit vectors, 32 of them, 7 masks. Uses AVX512_BF16 and AVX512_VNNI where declared.</summary>
    public static InstructionSet Avx512 { get; } = new("avx512", 16,
        CpuFeatures.Avx | CpuFeatures.Bmi2 | CpuFeatures.Avx512F | CpuFeatures.Avx512Bw | CpuFeatures.Avx512Dq | CpuFeatures.Avx512Vl, new Avx512Emitter());

    /// <summary>256-bit vectors, 16 of them; masks live in vectors. Uses AVX_VNNI and F16C where declared.</summary>
    public static InstructionSet Avx2 { get; } = new("avx2", 8, CpuFeatures.Avx | CpuFeatures.Avx2 | CpuFeatures.Fma, new Avx2Emitter());

    /// <summary>Name for listings.</summary>
    public string Name { get; }

    /// <summary>Dwords in a vector.</summary>
    public int Lanes { get; }

    /// <summary>Vector registers that a kernel may use.</summary>
    public int VectorRegisters => Emitter.VectorRegisters;

    /// <summary>Without these nothing can be compiled.</summary>
    public CpuFeatures RequiredFeatures { get; }

    internal Emitter Emitter { get; }

    /// <summary>The widest instruction set of those features, or null.</summary>
    public static InstructionSet? Best(CpuFeatures features) => Avx512.IsSupportedBy(features) ? Avx512 : Avx2.IsSupportedBy(features) ? Avx2 : null;

    /// <summary>Whether all required features are there.</summary>
    public bool IsSupportedBy(CpuFeatures features) => (features & RequiredFeatures) == RequiredFeatures;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
