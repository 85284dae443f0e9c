using Iced.Intel;

namespace Peregrine.CodeGen.X64.Lint;

/// <summary>
/// Decodes finished code and proves, by following every path with abstract values: only declared CPUID features; registers that belong to the caller are back in place at every return; the stack is
/// balanced; memory is touched only through declared arguments (written only where they allow it), the own frame and the constants; no aligned moves, no SSE encodings; branches stay inside, on
/// instructions; each return follows <c>vzeroupper</c>. It cannot prove that an index stays inside an argument's memory.
/// </summary>
public static class CodeLint
{
    /// <summary>Everything found, one sentence each with the offset; empty if the code is sound.</summary>
    public static IReadOnlyList<string> Check(CompiledCode code) => new LintRun(code, code.Bytes.ToArray()).Run();

    /// <summary>CPUID features of decoded code; what is not in <see cref="CpuFeatures"/> is left to <see cref="Check(CompiledCode)"/>.</summary>
    internal static CpuFeatures FeaturesOf(ReadOnlySpan<byte> bytes)
    {
        CpuFeatures features = CpuFeatures.None;
        foreach (Instruction instruction in Decode(bytes.ToArray()))
        {
            foreach (CpuidFeature feature in instruction.CpuidFeatures) { features |= Translate(feature) ?? CpuFeatures.None; }
        }

        return features;
    }

    internal static List<Instruction> Decode(byte[] bytes)
    {
        var instructions = new List<Instruction>();
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes));
        while (decoder.IP < (ulong)bytes.Length) { instructions.Add(decoder.Decode()); }
        return instructions;
    }

    /// <summary>Our name for a feature, None for what every x64 CPU has, null for others.</summary>
    internal static CpuFeatures? Translate(CpuidFeature feature) => feature switch
    {
        CpuidFeature.INTEL8086 or CpuidFeature.INTEL186 or CpuidFeature.INTEL286 or CpuidFeature.INTEL386 or CpuidFeature.INTEL486 or CpuidFeature.X64 or CpuidFeature.CMOV
            or CpuidFeature.MULTIBYTENOP or CpuidFeature.SSE => CpuFeatures.None,
        CpuidFeature.AVX => CpuFeatures.Avx,
        CpuidFeature.AVX2 => CpuFeatures.Avx2,
        CpuidFeature.FMA => CpuFeatures.Fma,
        CpuidFeature.F16C => CpuFeatures.F16c,
        CpuidFeature.BMI2 => CpuFeatures.Bmi2,
        CpuidFeature.AVX512F => CpuFeatures.Avx512F,
        CpuidFeature.AVX512BW => CpuFeatures.Avx512Bw,
        CpuidFeature.AVX512DQ => CpuFeatures.Avx512Dq,
        CpuidFeature.AVX512VL => CpuFeatures.Avx512Vl,
        CpuidFeature.AVX512_VNNI => CpuFeatures.Avx512Vnni,
        CpuidFeature.AVX512_BF16 => CpuFeatures.Avx512Bf16,
        CpuidFeature.AVX_VNNI => CpuFeatures.AvxVnni,
        _ => null,
    };
}
