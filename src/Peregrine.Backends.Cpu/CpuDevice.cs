using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Peregrine.CodeGen.X64;
using Peregrine.Runtime;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu;

/// <summary>Reads what this processor is and can do.</summary>
internal static class CpuDevice
{
    /// <summary>The feature of a process that may run code it has generated.</summary>
    public const string CodeGeneration = "codegen";

    private static readonly (CpuFeatures Flag, string Word)[] Words =
    [
        (CpuFeatures.Avx, "avx"), (CpuFeatures.Avx2, "avx2"), (CpuFeatures.Fma, "fma"), (CpuFeatures.F16c, "f16c"), (CpuFeatures.Bmi2, "bmi2"), (CpuFeatures.AvxVnni, "avxvnni"),
        (CpuFeatures.Avx512F, "avx512f"), (CpuFeatures.Avx512Bw, "avx512bw"), (CpuFeatures.Avx512Dq, "avx512dq"), (CpuFeatures.Avx512Vl, "avx512vl"),
        (CpuFeatures.Avx512Vnni, "avx512vnni"), (CpuFeatures.Avx512Bf16, "avx512bf16"),
    ];

    private const CpuFeatures Wide = CpuFeatures.Avx512F | CpuFeatures.Avx512Bw | CpuFeatures.Avx512Dq | CpuFeatures.Avx512Vl | CpuFeatures.Avx512Vnni | CpuFeatures.Avx512Bf16;

    // Asking the system is a mapping and its protection; the answer does not change.
    private static readonly Lazy<bool> MayRunCode = new(CodeArena.IsAvailable);

    public static DeviceProfile Detect(int workers)
    {
        CpuFeatures present = Knobs.Isa switch
        {
            "portable" => CpuFeatures.None,
            "avx2" => HostCpu.Features & ~Wide,
            _ => HostCpu.Features,
        };
        List<string> features = [RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()];
        foreach ((CpuFeatures flag, string word) in Words)
        {
            if ((present & flag) != 0)
            {
                features.Add(word);
            }
        }

        if (present != CpuFeatures.None && MayRunCode.Value)
        {
            features.Add(CodeGeneration);
        }

        features.Sort(StringComparer.Ordinal);
        return new("cpu", Name(), Texts.Create([.. features]), CacheSizes.Facts(), workers);
    }

    /// <summary>The features that generated code may use; none where the process may not run any.</summary>
    public static CpuFeatures FeaturesOf(DeviceProfile device)
    {
        CpuFeatures features = CpuFeatures.None;
        foreach ((CpuFeatures flag, string word) in Words)
        {
            features |= device.Has(CodeGeneration) && device.Has(word) ? flag : CpuFeatures.None;
        }

        return features;
    }

    /// <summary>Brand string, family, model and stepping (CPUID leaves 1 and 0x80000002–4); the architecture's name elsewhere.</summary>
    private static string Name()
    {
        if (!X86Base.IsSupported)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        Span<int> registers = stackalloc int[12];
        for (int leaf = 0; leaf < 3; leaf++)
        {
            (registers[leaf * 4], registers[(leaf * 4) + 1], registers[(leaf * 4) + 2], registers[(leaf * 4) + 3]) = X86Base.CpuId(unchecked((int)0x80000002) + leaf, 0);
        }

        string brand = System.Text.Encoding.ASCII.GetString(MemoryMarshal.AsBytes(registers)).TrimEnd('\0', ' ').Trim();
        int signature = X86Base.CpuId(1, 0).Eax;
        int family = (signature >> 8) & 0xF, model = (signature >> 4) & 0xF;
        if (family == 15)
        {
            family += (signature >> 20) & 0xFF;
        }

        if (family is 6 or >= 15)
        {
            model += (signature >> 12) & 0xF0;
        }

        return $"{brand} (family {family} model {model} stepping {signature & 0xF})";
    }
}
