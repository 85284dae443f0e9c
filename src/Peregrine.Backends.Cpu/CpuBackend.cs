using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Reference;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu;

/// <summary>The processor on which the program runs, with a pool of workers of its own.</summary>
public sealed class CpuBackend : IBackend
{
    // Lines that are so many bytes apart fall into one set of the first-level cache; fourteen pixels at such a distance push each other out.
    private const int SetPeriod = 4096;

    private readonly WorkerPool _pool;

    /// <param name="threads">Workers of one call, the caller included; null for as many processors as the process may use (affinity mask and container quota).</param>
    public CpuBackend(int? threads = null)
    {
        int available = ProcessorQuota.Detect().Workers;
        int workers = threads ?? available;
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1, nameof(threads));
        Device = CpuDevice.Detect(workers);
        Tactics = CpuTactics.For(Device);
        // More threads than processors is the caller's explicit wish; the shared arbiter would not grant it.
        _pool = new(workers, workers > available ? new WorkerArbiter(workers) : WorkerArbiter.Shared(available));
    }

    public DeviceProfile Device { get; }

    public IReadOnlyList<ITactic> Tactics { get; }

    /// <summary>Channels-last for floats [batch, channels, spatial…], with a pixel stride that is no multiple of the caches' set period (docs/decisions/0015).</summary>
    public IReadOnlyList<Layout> LayoutsOf(DataType type, ValueList<KernelDim> dims)
    {
        if (type != DataType.Float32 || dims.Count is < 3 or > 5 || !dims[1].IsStatic || dims[1].Min <= 1 || dims.Skip(2).All(d => d is { Min: 1, Max: 1 }))
        {
            return [];
        }

        return [Layout.ChannelsLast(dims.Count, PixelStride(dims[1].Min))];
    }

    /// <summary>Floats from pixel to pixel of so many channels, where they are not to lie side by side; else 0.</summary>
    internal static long PixelStride(long channels) => channels * sizeof(float) % SetPeriod == 0 ? channels + (64 / sizeof(float)) : 0;

    /// <summary>Gets the making of kernels ready, which the first kernel of a process would have to wait for; to be called on another thread while there is something else to do, such as reading an engine.</summary>
    public void WarmUp() => GeneratorWarmUp.Run(Tactics, Device);

    /// <summary>Measured by a loop of generated code; for float32 only.</summary>
    public double? MeasurePeak(DataType type, TimeSpan run) => type == DataType.Float32 && GeneratorTarget.Of(Device) is { } target ? PeakProbe.Measure(target, _pool, run) : null;

    public IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant>? packed = null) => new CpuProgram(segment, kernels, constants, packed ?? [], _pool);

    public DeviceBuffer Allocate(long bytes) => new ArenaBuffer(bytes);

    public DeviceBuffer Wrap(Memory<byte> memory) => new WrappedBuffer(memory);

    public IStream CreateStream() => new CpuStream(_pool);

    public void Dispose() => _pool.Dispose();
}
