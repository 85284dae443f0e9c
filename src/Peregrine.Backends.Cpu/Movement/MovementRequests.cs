using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>What tactics that move memory ask of requests, and what they say that it costs.</summary>
internal static class MovementRequests
{
    // Read and written bytes per second and worker, from memory: streaming, and through strides. Tensors that stay in the caches move faster.
    public const double Streaming = 20e9;
    public const double Strided = 8e9;

    // A step of the plan: the walk to it and the barrier behind it.
    private const double StepSeconds = 1e-6;
    private const double CachedFactor = 2.5;

    // What an extent that is known only at run time, and has no bound, counts.
    private const long Unbounded = 1 << 20;

    /// <summary>Whether the elements are whole bytes that can be moved.</summary>
    public static bool IsMovable(DataType type) => type.Bits() is 8 or 16 or 32 or 64 or 128;

    /// <summary>Row-major, or channels-last with any pixel stride.</summary>
    public static bool IsPlain(Layout layout) => layout.BlockAxis < 0 && layout.HaloBefore.Count == 0 && layout.HaloAfter.Count == 0;

    public static bool IsChannelsLast(KernelOperand operand) =>
        !operand.Layout.IsRowMajor && operand.Dims.Count >= 3 && operand.Layout == Layout.ChannelsLast(operand.Dims.Count, operand.Layout.InnerStride);

    /// <summary>Whether both layouts put the elements into the same order: at most one of channels and spatial extents is not 1, and pixels are dense.</summary>
    public static bool IsSameInBothLayouts(KernelOperand operand) =>
        operand.Layout.InnerStride == 0 && operand.Dims.Count >= 3 && operand.Dims.Skip(1).Count(d => d is not { Min: 1, Max: 1 }) <= 1;

    /// <summary>Elements at the largest dims.</summary>
    public static double Elements(KernelOperand operand) =>
        operand.Role == OperandRole.Absent ? 0 : operand.Dims.Aggregate(1.0, (product, dim) => product * (dim.Max == long.MaxValue ? Unbounded : dim.Max));

    public static double Bytes(KernelOperand operand) => Elements(operand) * operand.Type.Bits() / 8;

    /// <summary>An acceptance at so many bytes, read and written, at that rate.</summary>
    public static Verdict.Accept Accept(DeviceProfile device, double bytes, double rate = Streaming)
    {
        double factor = bytes < CacheSizes.Of(device, "l3") / 2.0 ? CachedFactor : 1;
        return new([TacticOption.Default], StepSeconds + (bytes / (rate * factor * device.Parallelism)));
    }
}
