using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Peregrine.CodeGen.X64;

/// <summary>CPUID features that code may be allowed to use.</summary>
[Flags]
public enum CpuFeatures
{
    /// <summary>x86-64 alone.</summary>
    None = 0,
    /// <summary>AVX.</summary>
    Avx = 1 << 0,
    /// <summary>AVX2.</summary>
    Avx2 = 1 << 1,
    /// <summary>FMA3.</summary>
    Fma = 1 << 2,
    /// <summary>Half-precision conversions.</summary>
    F16c = 1 << 3,
    /// <summary>BMI2.</summary>
    Bmi2 = 1 << 4,
    /// <summary>AVX-512 foundation.</summary>
    Avx512F = 1 << 5,
    /// <summary>AVX-512 bytes and words.</summary>
    Avx512Bw = 1 << 6,
    /// <summary>AVX-512 dwords and qwords.</summary>
    Avx512Dq = 1 << 7,
    /// <summary>AVX-512 on shorter vectors.</summary>
    Avx512Vl = 1 << 8,
    /// <summary>AVX-512 byte dot products.</summary>
    Avx512Vnni = 1 << 9,
    /// <summary>AVX-512 bfloat16.</summary>
    Avx512Bf16 = 1 << 10,
    /// <summary>Byte dot products in AVX encoding.</summary>
    AvxVnni = 1 << 11,
}

/// <summary>The CPU that this process runs on.</summary>
public static class HostCpu
{
    /// <summary>
    /// What the CPU and the operating system support. Follows the runtime's own judgement (which knows about the operating system and can be capped), and CPUID for what the runtime has no class for.
    /// <see cref="CpuFeatures.None"/> where the process is not x64.
    /// </summary>
    public static CpuFeatures Features { get; } = Detect();

    private static CpuFeatures Detect()
    {
        if (!X86Base.X64.IsSupported) { return CpuFeatures.None; }
        CpuFeatures features = CpuFeatures.None;
        Note(Avx.IsSupported, CpuFeatures.Avx);
        Note(Avx2.IsSupported, CpuFeatures.Avx2);
        Note(System.Runtime.Intrinsics.X86.Fma.IsSupported, CpuFeatures.Fma);
        Note(Bmi2.X64.IsSupported, CpuFeatures.Bmi2);
        int leaves = X86Base.CpuId(0, 0).Eax;
        Note(Avx2.IsSupported && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0, CpuFeatures.F16c);
        if (leaves >= 7)
        {
            (int subleaves, int ebx, int ecx, _) = X86Base.CpuId(7, 0);
            int eax1 = subleaves >= 1 ? X86Base.CpuId(7, 1).Eax : 0;
            // A program that was compiled ahead, as a whole, takes for absent what it was not compiled for, and is asked by nobody else whether the system keeps 512-bit registers.
            bool wide = RuntimeFeature.IsDynamicCodeSupported ? Avx512F.IsSupported : ExtendedState.KeepsAvx512();
            bool all = wide && !RuntimeFeature.IsDynamicCodeSupported;
            Note(wide && (ebx & (1 << 16)) != 0, CpuFeatures.Avx512F);
            Note(Avx512BW.IsSupported || (all && (ebx & (1 << 30)) != 0), CpuFeatures.Avx512Bw);
            Note(Avx512DQ.IsSupported || (all && (ebx & (1 << 17)) != 0), CpuFeatures.Avx512Dq);
            Note(Avx512F.VL.IsSupported || (all && (ebx & (1 << 31)) != 0), CpuFeatures.Avx512Vl);
            Note(wide && (ecx & (1 << 11)) != 0, CpuFeatures.Avx512Vnni);
            Note(wide && (eax1 & (1 << 5)) != 0, CpuFeatures.Avx512Bf16);
            Note(Avx2.IsSupported && (eax1 & (1 << 4)) != 0, CpuFeatures.AvxVnni);
        }

        return features;

        void Note(bool supported, CpuFeatures feature) => features |= supported ? feature : CpuFeatures.None;
    }
}
