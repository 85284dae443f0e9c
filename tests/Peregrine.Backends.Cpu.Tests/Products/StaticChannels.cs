using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>States the channels, and the kernel's extents, of a request whose other dims are left open.</summary>
internal sealed class StaticChannels(ITactic inner) : ITactic
{
    public TacticId Id => inner.Id;

    public Verdict Consider(KernelRequest request, DeviceProfile device) => inner.Consider(Known(request), device);

    public IKernel Compile(KernelRequest request, TacticOption option) => inner.Compile(Known(request), option);

    private static KernelRequest Known(KernelRequest request)
    {
        (long outputs, long channels) = (request.Inputs[1].Dims[0].Min, request.Inputs[1].Dims[1].Min);
        (outputs, channels) = request.Anchor is ConvTranspose transposed ? (channels * transposed.Group, outputs) : (outputs, channels * ((Conv)request.Anchor!).Group);
        KernelOperand With(KernelOperand o, long value) => o.Role != OperandRole.Activation || o.Dims.Count < 3 ? o
            : o with { Dims = ValueList.From(o.Dims.Select((d, i) => i == o.Dims.Count - (request.Outputs[0].Dims.Count - 1) && !d.IsStatic ? KernelDim.Static(value) : d)) };
        return request with { Inputs = ValueList.From(request.Inputs.Select((o, i) => With(o, i == 0 ? channels : outputs))), Outputs = ValueList.From(request.Outputs.Select(o => With(o, outputs))) };
    }
}
