using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Samples;

// <backend>
/// <summary>The smallest backend: the calling thread, managed memory.</summary>
public sealed class PlainBackend : IBackend
{
    public DeviceProfile Device { get; } = new("plain", "the calling thread", [], [], Parallelism: 1);

    public IReadOnlyList<ITactic> Tactics { get; } = [new ReluTactic(), new PlainReferenceTactic()];

    public IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant>? packed = null) => new Program(segment, kernels);

    public DeviceBuffer Allocate(long bytes) => new Buffer(new byte[bytes]);

    public DeviceBuffer Wrap(Memory<byte> memory) => new Buffer(memory);

    public IStream CreateStream() => new Stream();

    public void Dispose()
    {
    }

    private sealed class Program(PlanSegment segment, IReadOnlyList<IKernel> kernels) : IDeviceProgram
    {
        public void Enqueue(SlotTable slots, int first, int count, IStream stream, CancellationToken cancellation = default)
        {
            for (int i = first; i < first + count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                ((IPlainKernel)kernels[i - segment.First]).Run(slots, (KernelStep)segment.Plan.Steps[i]);
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class Buffer(Memory<byte> bytes) : DeviceBuffer
    {
        public override long Length => bytes.Length;

        public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
        {
            memory = bytes.Slice(checked((int)offset), length);
            return true;
        }

        public override void Dispose()
        {
        }
    }

    // Everything is done when Enqueue returns.
    private sealed class Stream : IStream
    {
        public void Synchronize()
        {
        }

        public void Dispose()
        {
        }
    }
}
// </backend>
