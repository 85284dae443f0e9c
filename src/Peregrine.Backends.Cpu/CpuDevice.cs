using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Peregrine.Runtime;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu;

/// <summary>Reads what this processor is and can do.</summary>
internal static class CpuDevice
{
    public static DeviceProfile Detect(int workers)
    {
        string cap = Knobs.Isa ?? "";
        List<string> features = [];
        bool vectors = cap != "portable", wide = vectors && cap != "avx2";
        Add("avx2", vectors && Avx2.IsSupported);
        Add("avx512bw", wide && Avx512BW.IsSupported);
        Add("avx512dq", wide && Avx512DQ.IsSupported);
        Add("avx512f", wide && Avx512F.IsSupported);
        Add("fma", vectors && Fma.IsSupported);
        Add(RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), true);
        features.Sort(StringComparer.Ordinal);
        return new("cpu", Name(), Texts.Create([.. features]), [], workers);

        void Add(string feature, bool present)
        {
            if (present)
            {
                features.Add(feature);
            }
        }
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
