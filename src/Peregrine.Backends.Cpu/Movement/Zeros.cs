namespace Peregrine.Backends.Cpu.Movement;

/// <summary>An element of any type that is zero.</summary>
internal static unsafe class Zeros
{
    private static readonly byte[] Block = GC.AllocateArray<byte>(64, pinned: true);

    // Safe: the array is pinned for good.
    public static byte* Pointer { get; } = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(Block, 0);

    /// <summary>Zeros of these dims.</summary>
    public static StoredTensor Of(long[] dims) => StoredTensor.Of([1], Runtime.Kernels.Layout.RowMajor).View(dims, new long[dims.Length], 0);
}
