using Peregrine.Backends.Cpu.Reference;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>The processor on which the program runs, with a pool of workers of its own.</summary>
public sealed class CpuBackend : IBackend
{
    private readonly WorkerPool _pool;

    /// <param name="threads">Workers of one call, the caller included; null for as many processors as the process may use (affinity mask and container quota).</param>
    public CpuBackend(int? threads = null)
    {
        int available = ProcessorQuota.Detect().Workers;
        int workers = threads ?? available;
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1, nameof(threads));
        Device = CpuDevice.Detect(workers);
        // More threads than processors is the caller's explicit wish; the shared arbiter would not grant it.
        _pool = new(workers, workers > available ? new WorkerArbiter(workers) : WorkerArbiter.Shared(available));
    }

    public DeviceProfile Device { get; }

    public IReadOnlyList<ITactic> Tactics { get; } = [new ReferenceTactic()];

    public IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels) => new CpuProgram(segment, [.. kernels.Cast<ICpuKernel>()]);

    public DeviceBuffer Allocate(long bytes) => new ArenaBuffer(bytes);

    public DeviceBuffer Wrap(Memory<byte> memory) => new WrappedBuffer(memory);

    public IStream CreateStream() => new CpuStream(_pool);

    public void Dispose() => _pool.Dispose();
}
