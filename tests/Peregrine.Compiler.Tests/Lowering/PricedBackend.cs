using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>A backend that compiles nothing and is the same on every machine: its one tactic knows prices. Values of rank 4 may lie channels-last.</summary>
/// <param name="price">Seconds of a request; infinite where the tactic declines it.</param>
internal sealed class PricedBackend(Func<KernelRequest, double> price) : IBackend
{
    public DeviceProfile Device { get; } = new("priced", "price list", [], [], Parallelism: 1);

    public IReadOnlyList<ITactic> Tactics { get; } = [new PricedTactic(price)];

    public IReadOnlyList<Layout> LayoutsOf(DataType type, ValueList<KernelDim> dims) => dims.Count == 4 && dims[2].Max > 1 ? [Layout.ChannelsLast(4)] : [];

    public IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant>? packed = null) => throw new NotSupportedException();

    public DeviceBuffer Allocate(long bytes) => throw new NotSupportedException();

    public DeviceBuffer Wrap(Memory<byte> memory) => throw new NotSupportedException();

    public IStream CreateStream() => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class PricedTactic(Func<KernelRequest, double> price) : ITactic
    {
        public TacticId Id { get; } = new("priced.any", 1);

        public Verdict Consider(KernelRequest request, DeviceProfile device) =>
            price(request) is var seconds && double.IsFinite(seconds) ? new Verdict.Accept([TacticOption.Default], seconds) : new Verdict.Decline("has no price");

        public IKernel Compile(KernelRequest request, TacticOption option) => throw new NotSupportedException();
    }
}
