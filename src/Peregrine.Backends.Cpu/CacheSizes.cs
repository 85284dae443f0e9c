using System.Runtime.Intrinsics.X86;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu;

/// <summary>Bytes of the data caches of one processor, as CPUID tells (leaf 4 on Intel, 0x8000001D on AMD: same format; older leaves of AMD where that is empty).</summary>
internal static class CacheSizes
{
    private static readonly (string Name, long Value)[] Sizes = Read();

    /// <summary>Facts <c>l1d</c>, <c>l2</c>, <c>l3</c> in bytes; those that the processor does not tell are missing.</summary>
    public static ValueList<(string Name, long Value)> Facts() => ValueList.From(Sizes);

    /// <summary>A size from a device's facts, or a cautious guess.</summary>
    public static long Of(DeviceProfile device, string cache)
    {
        foreach ((string name, long value) in device.Facts)
        {
            if (name == cache)
            {
                return value;
            }
        }

        return cache switch { "l1d" => 32 << 10, "l2" => 512 << 10, _ => 8 << 20 };
    }

    private static (string Name, long Value)[] Read()
    {
        if (!X86Base.IsSupported)
        {
            return [];
        }

        // "AuthenticAMD" begins with "Auth" in EBX.
        bool isAmd = X86Base.CpuId(0, 0).Ebx == 0x68747541;
        int leaf = isAmd ? unchecked((int)0x8000001D) : 4;
        if ((uint)X86Base.CpuId((int)((uint)leaf & 0x80000000), 0).Eax < (uint)leaf)
        {
            return [];
        }

        SortedDictionary<string, long> found = new(StringComparer.Ordinal);
        for (int index = 0; index < 16; index++)
        {
            (int eax, int ebx, int ecx, _) = X86Base.CpuId(leaf, index);
            int type = eax & 31, level = (eax >> 5) & 7;
            if (type == 0)
            {
                break;
            }

            // Type 2 holds instructions only.
            if (type != 2)
            {
                long ways = ((ebx >> 22) & 0x3FF) + 1, partitions = ((ebx >> 12) & 0x3FF) + 1, line = (ebx & 0xFFF) + 1, sets = (long)(uint)ecx + 1;
                found[level == 1 ? "l1d" : $"l{level}"] = ways * partitions * line * sets;
            }
        }

        if (found.Count == 0 && isAmd)
        {
            return ReadOld();
        }

        List<(string Name, long Value)> sizes = [];
        foreach ((string name, long value) in found)
        {
            sizes.Add((name, value));
        }

        return [.. sizes];
    }

    /// <summary>Leaves 0x80000005 and 0x80000006, which virtual machines tell even where they hide how caches are shared.</summary>
    private static (string Name, long Value)[] ReadOld()
    {
        // The third level is the sum over the chip; a core reaches no more than its complex, 32 MiB in most.
        const long LargestComplex = 32 << 20;
        uint first = (uint)X86Base.CpuId(unchecked((int)0x80000005), 0).Ecx;
        (_, _, int second, int third) = X86Base.CpuId(unchecked((int)0x80000006), 0);
        (string Name, long Value)[] sizes = [("l1d", (long)(first >> 24) << 10), ("l2", (long)((uint)second >> 16) << 10), ("l3", Math.Min((long)((uint)third >> 18) << 19, LargestComplex))];
        return Array.FindAll(sizes, s => s.Value > 0);
    }
}
