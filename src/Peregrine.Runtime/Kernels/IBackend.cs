using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>
/// A device and all that it takes to run on it. The compiler asks its <see cref="Tactics"/>; the runtime hands it segments of a plan. Nothing above knows what a stream, a buffer or a
/// kernel is made of.
/// </summary>
public interface IBackend : IDisposable
{
    DeviceProfile Device { get; }

    /// <summary>In the order in which ties are decided; the reference tactic, which takes every request, is last.</summary>
    IReadOnlyList<ITactic> Tactics { get; }

    /// <summary>
    /// The layouts besides row-major that may suit a value of this type, best first; empty if only row-major does. The compiler offers them to the tactics and prices the conversions.
    /// </summary>
    IReadOnlyList<Layout> LayoutsOf(DataType type, ValueList<KernelDim> dims) => [];

    /// <summary>
    /// Measures now, in a fraction of a second, how many operations per second all workers together can do at best on numbers of this type (a multiply-add is two); null if there is no such probe.
    /// </summary>
    /// <param name="type">Type of the results.</param>
    /// <param name="run">How long a run should take: a longer one meets more of what interrupts the system, as a longer kernel does. The lower quartile of many runs counts, as for candidates.</param>
    double? MeasurePeak(DataType type, TimeSpan run) => null;

    /// <summary>Turns consecutive kernel steps into a program that can be enqueued any number of times, from any context. Weights are packed here.</summary>
    /// <param name="kernels">One compiled kernel per step.</param>
    /// <param name="constants">The memory of the plan's constants by number; null for strings.</param>
    /// <param name="packed">Constants that are packed already; what suits no kernel is passed over. They outlive the program.</param>
    IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant>? packed = null);

    /// <summary>Zeroed device memory, aligned for every kernel. Throws <see cref="Diagnostics.BackendException"/> if the device has not that much.</summary>
    DeviceBuffer Allocate(long bytes);

    /// <summary>A device's view on memory of the host (a mapped weight file, a caller's array): without a copy where the device shares the host's memory.</summary>
    DeviceBuffer Wrap(Memory<byte> memory);

    /// <summary>A queue of work; one per inference context.</summary>
    IStream CreateStream();
}

/// <summary>Consecutive kernel steps of a plan, to be run on one device without coming back to the host.</summary>
/// <param name="Plan">Where the steps stand.</param>
/// <param name="First">Index of the first step.</param>
/// <param name="Count">Number of steps.</param>
public sealed record PlanSegment(Plan Plan, int First, int Count);

/// <summary>A prepared segment.</summary>
public interface IDeviceProgram : IDisposable
{
    /// <summary>How the program's kernels read constants, so that an engine file can hold them as they are wanted; nothing if the device does not tell.</summary>
    IEnumerable<ConstantUse> ConstantUses => [];

    /// <summary>Enqueues the steps [first, first + count) of the plan on slots as they are bound now. Returns at once or when they are done, as the stream decides.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two steps; the same may come from <see cref="IStream.Synchronize"/>.</exception>
    void Enqueue(SlotTable slots, int first, int count, IStream stream, CancellationToken cancellation = default);
}

/// <summary>A queue of work on a device, in order.</summary>
public interface IStream : IDisposable
{
    /// <summary>Waits until everything that was enqueued is done; throws what a kernel threw.</summary>
    void Synchronize();
}

/// <summary>A range of device memory.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>Bytes.</summary>
    public abstract long Length { get; }

    /// <summary>The bytes as host memory, if the host can reach them directly; false otherwise.</summary>
    public abstract bool TryGetHostMemory(long offset, int length, out Memory<byte> memory);

    public abstract void Dispose();
}
