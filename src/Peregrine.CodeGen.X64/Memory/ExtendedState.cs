using System.Runtime.Intrinsics.X86;

namespace Peregrine.CodeGen.X64;

/// <summary>Which registers the operating system keeps when it switches threads: those that it does not must not be used, whatever CPUID says.</summary>
internal static unsafe class ExtendedState
{
    // SSE, AVX, mask registers, upper halves of the 512-bit registers, the upper sixteen of them.
    private const ulong Avx512 = 0b1110_0110;

    private const int SystemUsesXsave = 1 << 27;

    // xor ecx, ecx; xgetbv; shl rdx, 32; or rax, rdx; ret
    private static ReadOnlySpan<byte> ReadState => [0x31, 0xC9, 0x0F, 0x01, 0xD0, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];

    /// <summary>Asks the processor; false where the system refuses executable memory, for then no generated code runs at all.</summary>
    internal static bool KeepsAvx512()
    {
        if (!X86Base.X64.IsSupported || (X86Base.CpuId(1, 0).Ecx & SystemUsesXsave) == 0) { return false; }
        nuint length = (nuint)Environment.SystemPageSize;
        nint page = SystemMemory.MapWritable(length);
        if (page == 0) { return false; }
        // Safe: the page is larger than the code and known to nobody else; the code has no operands, changes registers that calls may change, and XGETBV exists where the system uses XSAVE.
        ReadState.CopyTo(new Span<byte>((void*)page, checked((int)length)));
        bool keeps = SystemMemory.MakeExecutable(page, length) && (((delegate* unmanaged<ulong>)page)() & Avx512) == Avx512;
        SystemMemory.Unmap(page, length);
        return keeps;
    }
}
